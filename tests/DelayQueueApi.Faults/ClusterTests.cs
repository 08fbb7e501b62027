using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>Two instances on a Redis Cluster, their jobs in three partitions on its three primaries.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private const int Partitions = 3;

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

    private Task<Run> StartAsync() => Run.StartAsync(Seeds.Seed, Service(), Service());

    private ServiceProcess Service() => ServiceProcess.OnRedis(cluster.Address, storeTimeoutMs: 5_000).With("Store__Partitions", $"{Partitions}");
}
