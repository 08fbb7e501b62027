using System.Net;
using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Faults.Processes;

/// <summary>A Redis Cluster of the test's own: three primaries with an equal range of slots each, and a replica of each.</summary>
internal sealed class RedisCluster : IAsyncDisposable
{
    private const int Primaries = 3;
    private const int Slots = 16384;

    /// <summary>A primary that is silent for so long is given up, ms.</summary>
    private const string NodeTimeout = "1000";

    private readonly RedisProcess[] nodes =
    [
        .. Enumerable.Range(0, 2 * Primaries).Select(_ => new RedisProcess(
            "always", "--cluster-enabled", "yes", "--cluster-node-timeout", NodeTimeout, "--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0")),
    ];

    private readonly HashSet<RedisProcess> dead = [];

    public RedisProcess APrimary => nodes[0];

    public RedisProcess ItsReplica => nodes[Primaries];

    public string Address => string.Join(',', nodes.Take(Primaries).Select(node => node.Address));

    public async Task StartAsync()
    {
        await Task.WhenAll(nodes.Select(node => node.StartAsync()));
        for (var i = 0; i < Primaries; i++)
        {
            await AskAsync(nodes[i], "ADDSLOTSRANGE", $"{i * Slots / Primaries}", $"{((i + 1) * Slots / Primaries) - 1}");
        }

        foreach (var node in nodes.Skip(1))
        {
            await AskAsync(node, "MEET", "127.0.0.1", $"{nodes[0].Port}");
        }

        await UntilAllAsync(async node => (await ViewAsync(node)).Nodes.Count == nodes.Length);
        for (var i = 0; i < Primaries; i++)
        {
            await AskAsync(nodes[Primaries + i], "REPLICATE", await IdAsync(nodes[i]));
        }

        await HealthyAsync();
    }

    /// <summary>Kills the node that a partition is on, and waits until its replica has taken over.</summary>
    public async Task KillPrimaryAsync(int partition)
    {
        var node = await PrimaryAsync(partition);
        node.Kill();
        dead.Add(node);
        await Poll.UntilAsync(async () => await FindPrimaryAsync(partition) is { } other && other != node);
    }

    /// <summary>Starts again who was killed: as a replica of who took over.</summary>
    public async Task HealAsync()
    {
        foreach (var node in dead.ToArray())
        {
            await node.StartAsync();
            dead.Remove(node);
        }

        await HealthyAsync();
    }

    /// <summary>Lets the replica of the node that a partition is on take over, without a write lost.</summary>
    public async Task HandOverAsync(int partition)
    {
        var primary = await PrimaryAsync(partition);
        var id = await IdAsync(primary);
        var replica = (await ViewAsync(primary)).Nodes.First(node => node.ParentNodeId == id);
        await AskAsync(nodes.Single(node => node.Port == ((IPEndPoint)replica.EndPoint!).Port), "FAILOVER");
        await Poll.UntilAsync(async () => await FindPrimaryAsync(partition) is { } other && other != primary);
        await HealthyAsync();
    }

    /// <summary>Moves the slot of a partition to another primary, key by key.</summary>
    public async Task MoveAsync(int partition)
    {
        var slot = $"{Slot(partition)}";
        var from = await PrimaryAsync(partition);
        var view = await ViewAsync(from);
        var (fromId, primaries) = (await IdAsync(from), view.Nodes.Where(node => !node.IsReplica).ToArray());
        var to = nodes.Single(node => node.Port == ((IPEndPoint)primaries.First(node => node.NodeId != fromId).EndPoint!).Port);
        var toId = await IdAsync(to);
        await AskAsync(to, "SETSLOT", slot, "IMPORTING", fromId);
        await AskAsync(from, "SETSLOT", slot, "MIGRATING", toId);
        while ((RedisKey[])(await AskAsync(from, "GETKEYSINSLOT", slot, "10"))! is { Length: > 0 } keys)
        {
            await using var connection = await ConnectAsync(from);
            await connection.GetServer("127.0.0.1", from.Port).ExecuteAsync("MIGRATE", ["127.0.0.1", $"{to.Port}", "", "0", "5000", "KEYS", .. keys.Select(key => (object)key)]);
        }

        foreach (var node in (RedisProcess[])[to, from])
        {
            await AskAsync(node, "SETSLOT", slot, "NODE", toId);
        }

        await HealthyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    /// <summary>Waits until all agree that every slot is served, and every primary has a replica that follows.</summary>
    private async Task HealthyAsync()
    {
        await UntilAllAsync(async node =>
        {
            var info = (string)(await AskAsync(node, "INFO"))!;
            return info.Contains("cluster_state:ok", StringComparison.Ordinal)
                && (await ViewAsync(node)).Nodes.Count(each => each.IsReplica && each.IsConnected) == Primaries;
        });
        await UntilAllAsync(async node =>
        {
            await using var connection = await ConnectAsync(node);
            var info = (string)(await connection.GetServer("127.0.0.1", node.Port).ExecuteAsync("INFO", "replication"))!;
            return info.Contains("role:master", StringComparison.Ordinal) || info.Contains("master_link_status:up", StringComparison.Ordinal);
        });
    }

    private Task UntilAllAsync(Func<RedisProcess, Task<bool>> holds) => Poll.UntilAsync(async () =>
    {
        foreach (var node in nodes)
        {
            if (!await holds(node))
            {
                return false;
            }
        }

        return true;
    });

    private async Task<RedisProcess> PrimaryAsync(int partition) => await FindPrimaryAsync(partition) ?? throw new InvalidOperationException("No node has the slot.");

    private async Task<RedisProcess?> FindPrimaryAsync(int partition)
    {
        var view = await ViewAsync(nodes.First(node => !dead.Contains(node)));
        var endpoint = view.GetBySlot(Slot(partition))?.EndPoint as IPEndPoint;
        return nodes.SingleOrDefault(node => node.Port == endpoint?.Port && !dead.Contains(node));
    }

    private static int Slot(int partition) => HashTag.SlotOf(HashTag.Of(partition));

    private static async Task<string> IdAsync(RedisProcess node) => (string)(await AskAsync(node, "MYID"))!;

    private static async Task<ClusterConfiguration> ViewAsync(RedisProcess node)
    {
        await using var connection = await ConnectAsync(node);
        return (await connection.GetServer("127.0.0.1", node.Port).ClusterNodesAsync())!;
    }

    /// <summary>CLUSTER …</summary>
    private static async Task<RedisResult> AskAsync(RedisProcess node, params string[] command)
    {
        await using var connection = await ConnectAsync(node);
        return await connection.GetServer("127.0.0.1", node.Port).ExecuteAsync("CLUSTER", command);
    }

    private static Task<ConnectionMultiplexer> ConnectAsync(RedisProcess node) => ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
    {
        EndPoints = { { "127.0.0.1", node.Port } },
        AllowAdmin = true,
        AbortOnConnectFail = false,
        AsyncTimeout = 10_000,
    });
}
