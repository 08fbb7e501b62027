using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>Two instances on a Redis Cluster, their jobs in three partitions on its three primaries.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private const int Partitions = 3;
    private const string Replicated = "replicated=1";

    private readonly RedisCluster cluster = new();

    public async ValueTask InitializeAsync() => await cluster.StartAsync();

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task Slots_that_move_to_other_nodes_under_load_cause_no_error()
    {
        await using var run = await StartAsync();
        run.Load.Start();

        for (var round = 0; round < Seeds.Rounds(3); round++)
        {
            await run.SufferAsync(Outage.MoveSlot(cluster, round % Partitions));
        }

        await run.EndAsync();
        Assert.All(run.History.Calls, call => Assert.NotEqual(503, call.Reply.Status));
    }

    [Fact]
    public async Task A_primary_that_hands_over_to_its_replica_loses_nothing()
    {
        await using var run = await StartAsync();
        run.Load.Start();

        for (var round = 0; round < Seeds.Rounds(2); round++)
        {
            await run.SufferAsync(Outage.HandOver(cluster, round % Partitions));
        }

        await run.EndAsync();
    }

    /// <summary>A primary answers before its replica has what it was told, so that the last answers before its death promise nothing.</summary>
    [Fact]
    public async Task A_primary_that_is_killed_is_replaced_and_loses_at_most_what_was_answered_in_its_last_second()
    {
        await using var run = await StartAsync();
        run.Load.Start();

        for (var round = 0; round < Seeds.Rounds(2); round++)
        {
            await run.Load.PassAsync(2_000);
            await run.SufferAsync(Outage.KillPrimary(cluster, round % Partitions));
        }

        await run.EndAsync(doubt: TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_job_that_a_replica_is_known_to_have_outlives_its_primary()
    {
        await using var run = await StartAsync();
        run.Load.Durability = Replicated;
        run.Load.Start();

        await run.Load.PassAsync(1_000);
        await run.SufferAsync(Outage.KillPrimary(cluster, 0));

        await run.EndAsync(doubt: TimeSpan.FromSeconds(1));
        Assert.Contains(run.History.Calls, call => call is Create { IsDurable: true, Reply.IsDone: true });
    }

    [Fact]
    public async Task Nothing_is_known_to_be_replicated_while_the_replica_of_any_node_stops()
    {
        await using var run = await StartAsync();
        var api = new JobClient(() => run.Service.Client, run.History, durability: Replicated);
        var job = new NewJob("stopped", Run.Queue, "1");

        await cluster.ItsReplica.PauseAsync();
        var first = await api.CreateAsync(job);
        await cluster.ItsReplica.ResumeAsync();
        var again = await api.CreateAsync(job);

        Assert.Equal((503, "unknown", 201), (first.Reply.Status, first.Reply.Applied, again.Reply.Status));
    }

    [Fact]
    public async Task Info_tells_as_much_as_holds_of_all_nodes_and_which_node_it_warns_of()
    {
        await using var run = await StartAsync();

        await cluster.APrimary.AskAsync("CONFIG", "SET", "appendonly", "no");
        var info = await run.Service.Client.GetStringAsync(new Uri("/info", UriKind.Relative));

        Assert.Contains("\"durability\":\"replicated\",\"replicas\":1,", info, StringComparison.Ordinal);
        Assert.Contains($"\"{cluster.APrimary.Address}: The append-only file is off", info, StringComparison.Ordinal);
        Assert.Contains("\"min-replicas-to-write is 0", info, StringComparison.Ordinal);
    }

    private Task<Run> StartAsync() => Run.StartAsync(Seeds.Seed, Service(), Service());

    private ServiceProcess Service() => ServiceProcess.OnRedis(cluster.Address, storeTimeoutMs: 5_000).With("Store__Partitions", $"{Partitions}");
}
