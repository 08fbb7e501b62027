using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Processes;

/// <summary>A primary with two replicas, and three Sentinels that put a replica in its place when it is gone.</summary>
internal sealed class ReplicatedRedis : IAsyncDisposable
{
    private readonly RedisProcess[] servers;
    private readonly SentinelProcess[] sentinels;
    private readonly StoreProxy replication;

    /// <param name="minReplicas">A primary with fewer replicas refuses writes.</param>
    public ReplicatedRedis(int minReplicas = 0)
    {
        string[] settings = ["--repl-diskless-sync-delay", "0", "--min-replicas-to-write", $"{minReplicas}"];
        Primary = new RedisProcess("everysec", settings);
        replication = new StoreProxy(Primary.Port);
        var replica = (string[])["--replicaof", .. replication.Address.Split(':'), .. settings];
        servers = [Primary, new("everysec", replica), new("everysec", replica)];
        sentinels = [.. Enumerable.Range(0, 3).Select(_ => new SentinelProcess())];
    }

    /// <summary>The one that was made the primary last.</summary>
    public RedisProcess Primary { get; private set; }

    /// <summary>For the service: the Sentinels, and the name of what they watch.</summary>
    public string ConnectionString => $"{string.Join(',', sentinels.Select(sentinel => sentinel.Address))},serviceName={SentinelProcess.ServiceName}";

    /// <summary>Starts all, and waits until they know each other and the replicas have what the primary has.</summary>
    public async Task StartAsync()
    {
        await Primary.StartAsync();
        await Task.WhenAll(servers[1..].Select(server => server.StartAsync()));
        await UntilReplicatedAsync(replicas: 2);
        await StartSentinelsAsync(replicas: 2);
    }

    /// <summary>From now on the replicas get nothing from the primary that was the first, while all others reach it.</summary>
    public void StopReplication() => replication.Swallow();

    /// <summary>Waits until the Sentinels have made another one the primary, and it has a replica.</summary>
    public async Task UntilFailedOverAsync()
    {
        var others = servers.Where(server => server != Primary).ToArray();
        await Poll.UntilAsync(async () =>
        {
            foreach (var server in others)
            {
                Primary = await IsAsync(server, "role:master") ? server : Primary;
            }

            return others.Contains(Primary);
        });
        await UntilReplicatedAsync(replicas: 1);
    }

    /// <summary>After a failover, ends all Sentinels, makes the other replica the primary, and starts Sentinels that know of that one alone.</summary>
    public async Task BeginAnewAsync(RedisProcess dead)
    {
        await Task.WhenAll(sentinels.Select(sentinel => sentinel.StopAsync()));
        var former = Primary;
        Primary = servers.Single(server => server != dead && server != former);
        await Primary.AskAsync("REPLICAOF", "NO", "ONE");
        await former.AskAsync("REPLICAOF", "127.0.0.1", $"{Primary.Port}");
        await UntilReplicatedAsync(replicas: 1);
        await StartSentinelsAsync(replicas: 1);
    }

    /// <summary>Waits until a server that was the primary follows the one that is it now.</summary>
    public Task UntilFollowsAsync(RedisProcess server) => Poll.UntilAsync(() => IsAsync(server, "role:slave", $"master_port:{Primary.Port}", "master_link_status:up"));

    public async ValueTask DisposeAsync()
    {
        foreach (var sentinel in sentinels)
        {
            await sentinel.DisposeAsync();
        }

        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }

        await replication.DisposeAsync();
    }

    private async Task StartSentinelsAsync(int replicas)
    {
        await Task.WhenAll(sentinels.Select(sentinel => sentinel.StartAsync(Primary)));
        foreach (var sentinel in sentinels)
        {
            await Poll.UntilAsync(async () => (await sentinel.AskAsync("SENTINEL", "CKQUORUM", SentinelProcess.ServiceName))!.StartsWith("+OK 3", StringComparison.Ordinal)
                && await sentinel.AskAsync("SENTINEL", "REPLICAS", SentinelProcess.ServiceName) == $"*{replicas}");
        }
    }

    private Task UntilReplicatedAsync(int replicas) => Poll.UntilAsync(async () =>
        (await Primary.InfoAsync("replication")).Count(line => line.StartsWith("slave", StringComparison.Ordinal) && line.Contains("state=online", StringComparison.Ordinal)) >= replicas);

    private static async Task<bool> IsAsync(RedisProcess server, params string[] facts)
    {
        var told = await server.InfoAsync("replication");
        return facts.All(told.Contains);
    }
}
