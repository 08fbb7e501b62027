using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>Something that goes wrong in a run, and is put right again.</summary>
/// <param name="What">For the history.</param>
/// <param name="IsMet">True where every client is to meet it before it ends; false where calls go on meanwhile.</param>
/// <param name="Instance">The service that is taken away; null for all, or for their store.</param>
internal sealed record Outage(string What, Func<Task> BeginAsync, Func<Task> EndAsync, bool IsMet = true, int? Instance = null)
{
    public static Outage Kill(RedisProcess redis) => new("Redis killed", Do(redis.Kill), redis.StartAsync);

    /// <summary>The primary gets nothing to its replicas, then it is killed and stays away; it ends once another one has taken its place.</summary>
    /// <param name="between">Before it is killed.</param>
    public static Outage FailOver(ReplicatedRedis redis, Func<Task> between) => new(
        "primary cut off and killed",
        async () =>
        {
            redis.StopReplication();
            await between();
            redis.Primary.Kill();
        },
        redis.UntilFailedOverAsync);

    /// <summary>The primary stops, and comes back only once another one has taken its place.</summary>
    public static Outage Isolate(ReplicatedRedis redis) => new("primary paused", redis.Primary.PauseAsync, redis.UntilFailedOverAsync);

    public static Outage Return(RedisProcess former, ReplicatedRedis redis) =>
        new("former primary is back", former.ResumeAsync, () => redis.UntilFollowsAsync(former), IsMet: false);

    public static Outage Pause(RedisProcess redis) => new("Redis paused", redis.PauseAsync, redis.ResumeAsync);

    /// <summary>A script that runs and runs: from 100 ms on Redis refuses all others.</summary>
    public static Outage Busy(RedisProcess redis) => new(
        "Redis busy with a script",
        async () =>
        {
            await redis.AskAsync("CONFIG", "SET", "lua-time-limit", "100");
            (await redis.SendAsync("EVAL", "while true do end", "0")).Dispose();
        },
        () => redis.AskAsync("SCRIPT", "KILL"));

    /// <summary>Its memory is full; and once that is over as large as it gets.</summary>
    public static Outage Fill(RedisProcess redis) => new(
        "Redis full", () => redis.AskAsync("CONFIG", "SET", "maxmemory", "1mb"), () => redis.AskAsync("CONFIG", "SET", "maxmemory", "0"));

    public static Outage ForgetScripts(RedisProcess redis) => new("scripts flushed", () => redis.AskAsync("SCRIPT", "FLUSH"), Nothing, IsMet: false);

    public static Outage Cut(StoreProxy network) => new("connections cut", Do(network.Cut), Nothing, IsMet: false);

    public static Outage Swallow(StoreProxy network) => new("network silent", Do(network.Swallow), Do(network.LetThrough));

    public static Outage Jitter(StoreProxy network) => new(
        "network uneven", Do(() => network.Jitter = TimeSpan.FromMilliseconds(50)), Do(() => network.Jitter = TimeSpan.Zero), IsMet: false);

    public static Outage Slow(StoreProxy network) => new(
        "network slow", Do(() => network.Latency = TimeSpan.FromMilliseconds(20)), Do(() => network.Latency = TimeSpan.Zero), IsMet: false);

    /// <summary>What the store does is done, and no answer comes; then the connections go.</summary>
    public static Outage LoseReplies(StoreProxy network) => new(
        "replies lost",
        Do(() => network.LosesReplies = true),
        Do(() =>
        {
            network.LosesReplies = false;
            network.Cut();
        }));

    public static Outage KillPrimary(RedisCluster cluster, int partition) =>
        new("a primary killed", () => cluster.KillPrimaryAsync(partition), cluster.HealAsync, IsMet: false);

    /// <summary>As an operator does who wants to restart a node.</summary>
    public static Outage HandOver(RedisCluster cluster, int partition) =>
        new("a primary handed over", () => cluster.HandOverAsync(partition), Nothing, IsMet: false);

    public static Outage MoveSlot(RedisCluster cluster, int partition) =>
        new("a slot moved", () => cluster.MoveAsync(partition), Nothing, IsMet: false);

    public static Outage Kill(ServiceProcess service, int? instance = null) =>
        new("service killed", Do(service.Kill), service.StartAsync, Instance: instance);

    public static Outage Stop(ServiceProcess service, int? instance = null) =>
        new("service stopped", async () => Assert.Equal(0, await service.StopAsync()), service.StartAsync, Instance: instance);

    private static Func<Task> Do(Action act) => () =>
    {
        act();
        return Task.CompletedTask;
    };

    private static Task Nothing() => Task.CompletedTask;
}
