using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Store;

/// <summary>Every return code of every script, on both engines: the replies and what is stored afterwards are the same, byte for byte.</summary>
public sealed class ScriptParityTests(EmbeddedEngine embedded, RedisEngine redis)
{
    [Fact]
    public async Task Both_engines_answer_alike()
    {
        await using var onEmbedded = new EmbeddedApi(embedded);
        await onEmbedded.InitializeAsync();
        await using var onRedis = new RedisApi(redis);
        await onRedis.InitializeAsync();

        var expected = await new ScriptScenario(onRedis).RunAsync();
        var actual = await new ScriptScenario(onEmbedded).RunAsync();

        Assert.Equal(expected, actual);
    }
}
