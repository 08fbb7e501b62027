using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Reaping;

/// <summary>All loops are at work, as in life, and nothing is due.</summary>
public abstract class IdleTests(Api api)
{
    [Fact]
    public async Task An_idle_instance_asks_the_store_once_a_second_however_many_claims_wait()
    {
        const int Seconds = 20;
        await api.StartLoopsAsync();
        var waiting = await api.WaitAsync(Enumerable.Repeat(Api.NewQueue(), 100));
        var before = api.Scripts;

        for (var second = 0; second < Seconds; second++)
        {
            api.Advance(1000);
            await api.AskAsync();
        }

        Assert.InRange(api.Scripts - before - Seconds, 1, Seconds);
        api.Advance(60_000);
        Assert.All(await Task.WhenAll(waiting), Assert.Empty);
        await api.StopLoopsAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : IdleTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : IdleTests(api), IClassFixture<RedisApi>;
}
