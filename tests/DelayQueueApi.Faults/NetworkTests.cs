using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>The network between the service and Redis breaks in all the ways in which networks do.</summary>
public sealed class NetworkTests : IAsyncLifetime
{
    private readonly RedisProcess redis = new();
    private StoreProxy network = null!;
    private Run run = null!;

    public async ValueTask InitializeAsync()
    {
        await redis.StartAsync();
        network = new StoreProxy(redis.Port);
        run = await Run.StartAsync(Seeds.Seed, ServiceProcess.OnRedis(network.Address, storeTimeoutMs: 750));
        run.Load.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await run.DisposeAsync();
        await network.DisposeAsync();
        await redis.DisposeAsync();
    }

    [Fact]
    public async Task Connections_that_are_cut_lose_nothing() => await SufferAsync(Outage.Cut(network), times: 5);

    [Fact]
    public async Task A_network_that_swallows_everything_loses_nothing() => await SufferAsync(Outage.Swallow(network), times: 2);

    [Fact]
    public async Task A_slow_network_loses_nothing() => await SufferAsync(Outage.Slow(network), times: 1);

    [Fact]
    public async Task A_network_that_is_now_quick_and_now_slow_loses_nothing() => await SufferAsync(Outage.Jitter(network), times: 1);

    [Fact]
    public async Task Replies_that_are_lost_leave_nothing_undone_and_nothing_done_twice()
    {
        await SufferAsync(Outage.LoseReplies(network), times: 2);

        Assert.Contains(run.History.Calls, call => call.Reply.IsUnknown);
    }

    private async Task SufferAsync(Outage outage, int times)
    {
        for (var round = 0; round < Seeds.Rounds(times); round++)
        {
            await run.SufferAsync(outage);
        }

        await run.EndAsync();
    }
}
