using System.Net;
using System.Text.RegularExpressions;
using DelayQueueApi.Tests.Contract;
using DelayQueueApi.Tests.Hosting;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Store;

/// <summary>A user of Redis with no more rights than docs/operations.md names is enough.</summary>
public sealed class AclTests(AclApi api) : IClassFixture<AclApi>
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Jobs_are_scheduled_claimed_acked_redriven_and_checked()
    {
        var acked = await api.LeasedAsync(queue, "\"unique\":{\"key\":\"k\"},\"retentionMs\":1000");
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(acked, "ack", "\"result\":1")).StatusCode);
        await api.DeadAsync(queue, 2);
        Assert.Equal(2, await api.RedriveAsync(queue));
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        await api.PutAsync($"/schedules/{queue}", $$"""{"intervalMs":1000,"job":{"queue":"{{queue}}","payload":1} }""");

        api.Advance(5_000);
        await api.ReapAsync();
        await api.FireAsync();

        Assert.Equal(3, (await api.QueueAsync(queue)).Ready);
        Assert.Equal(3, await api.PurgeAsync(queue, "ready"));
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/info")).StatusCode);
        Assert.Empty(await api.FsckAsync(repair: true));
    }

    [Fact]
    public async Task Claims_wait_and_are_woken()
    {
        var waiting = await api.WaitAsync(queue);

        await api.ScheduleAsync(queue);

        Assert.Single(await waiting);
    }

    [Fact]
    public async Task Events_are_kept_and_told()
    {
        var watching = api.GetAsync($"/events?queue={queue}&forMs=1000");
        await api.ScheduleAsync(queue);

        await api.AdvanceUntilAsync(watching, 1_000);

        Assert.Equal(HttpStatusCode.OK, (await watching).StatusCode);
    }

    [Fact]
    public async Task It_may_do_nothing_else()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{api.User},allowAdmin=true");
        var store = connection.GetDatabase();

        await Assert.ThrowsAsync<RedisServerException>(() => store.StringSetAsync("other", "1"));
        await Assert.ThrowsAsync<RedisServerException>(() => store.ExecuteAsync("KEYS", "*"));
        await Assert.ThrowsAsync<RedisServerException>(() => store.ExecuteAsync("CONFIG", "SET", "appendonly", "no"));
        await Assert.ThrowsAsync<RedisServerException>(() => store.ExecuteAsync("FLUSHALL"));
    }
}

/// <summary>On Redis, as a user that has the rights of docs/operations.md.</summary>
public sealed class AclApi(RedisEngine engine) : Api(new AclEngine(engine))
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Events:Kept"] = "100" };

    /// <summary>How to connect as that user.</summary>
    internal string User { get; } = AclEngine.UserOf(engine);
}

internal sealed partial class AclEngine : Engine
{
    private const string Password = "of-a-test";

    public AclEngine(RedisEngine redis)
    {
        if (redis.ConnectionString is null)
        {
            return;
        }

        var rights = Rights().Match(File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"))).Groups[1].Value;
        string[] rules = ["reset", "on", $">{Password}", .. rights.Replace("dq:*", $"t{Environment.ProcessId}-*", StringComparison.Ordinal).Split(' ')];
        using var admin = ConnectionMultiplexer.Connect(redis.ConnectionString);
        admin.GetDatabase().Execute("ACL", ["SETUSER", "tester", .. rules]);
        ConnectionString = UserOf(redis);
    }

    public static string UserOf(RedisEngine redis) => $"{redis.ConnectionString},user=tester,password={Password}";

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [GeneratedRegex("`(~dq:[^`]+)`")]
    private static partial Regex Rights();
}
