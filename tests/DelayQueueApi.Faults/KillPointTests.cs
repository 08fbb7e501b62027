using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;
using DelayQueueApi.Store;

namespace DelayQueueApi.Faults;

/// <summary>
/// The service is killed while it waits for the store at a point that has a name: before the store has the call, or after it has done it.
/// Clients repeat what they asked of the next process, and everything is there once.
/// </summary>
public sealed class KillPointTests : IAsyncLifetime
{
    private const int LeaseMs = 30_000;

    private static readonly Script Enqueue = Script.Load("Jobs/ScheduleJob.lua");
    private static readonly Script Claim = Script.Load("Leases/ClaimJobs.lua");
    private static readonly Script Ack = Script.Load("Leases/AckJob.lua");
    private static readonly Script Reap = Script.Load("Reaping/ReapQueues.lua");

    private readonly RedisProcess redis = new();
    private readonly History history = new();
    private readonly JobClient api;
    private StoreProxy network = null!;
    private ServiceProcess service = null!;

    public KillPointTests() => api = new JobClient(() => service.Client, history);

    public async ValueTask InitializeAsync()
    {
        await redis.StartAsync();
        network = new StoreProxy(redis.Port);
        service = ServiceProcess.OnRedis(network.Address);
        await service.StartAsync();
        // So that the store knows every script when it counts.
        await LifeAsync("known", maxLeaseMs: 1_000);
    }

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        await network.DisposeAsync();
        await redis.DisposeAsync();
        history.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whatever_the_service_was_about_to_do_is_done_once_by_the_next(bool applied)
    {
        var created = await KilledAsync("created", Enqueue, applied, () => api.CreateAsync(New("created")));
        Assert.Equal(created.Made!.Id, Assert.Single((await api.ClaimAsync("created", leaseMs: LeaseMs)).Grants).Id);

        var made = (await api.CreateAsync(New("claimed"))).Made!;
        var claimed = await KilledAsync("claimed", Claim, applied, () => api.ClaimAsync("claimed", leaseMs: LeaseMs, claimId: "again"));
        Assert.Equal((made.Id, 1), Assert.Single(claimed.Grants) is var grant ? (grant.Id, grant.Attempt) : default);

        await api.CreateAsync(New("acked"));
        var held = Assert.Single((await api.ClaimAsync("acked", leaseMs: LeaseMs)).Grants);
        Assert.Equal(204, (await KilledAsync("acked", Ack, applied, () => api.AckAsync(held))).Reply.Status);

        await api.CreateAsync(New("reaped"));
        await KilledAsync("reaped", Reap, applied, () => api.ClaimAsync("reaped", leaseMs: 1_000, claimId: "lost"), repeats: false);
        await Poll.UntilAsync(async () => (await api.QueueAsync("reaped")).Totals.LeasesExpired > 0);
        Assert.Equal(2, Assert.Single((await api.ClaimAsync("reaped", leaseMs: LeaseMs)).Grants).Attempt);

        Assert.Equal([(1, 1, 0), (1, 1, 0), (1, 1, 1), (1, 2, 0)], await Task.WhenAll(((string[])["created", "claimed", "acked", "reaped"])
            .Select(async queue => (await api.QueueAsync(queue)).Totals is var totals ? (totals.Created, totals.Claimed, totals.Acked) : default)));
        Assert.Equal(1, (await api.QueueAsync("reaped")).Totals.LeasesExpired);
        Assert.Equal(0, (await service.FsckAsync()).Found);
    }

    /// <summary>Makes a call, kills the service once that has called the script, and makes it again at the next process.</summary>
    private async Task<T> KilledAsync<T>(string queue, Script script, bool applied, Func<Task<T>> call, bool repeats = true)
        where T : Call
    {
        var fault = new CallFault(1, applied, script, holds: true);
        network.Arm(fault);
        var first = call();
        await fault.Met.WaitAsync(ChildProcess.Patience);
        service.Kill();
        Assert.True(!repeats || (await first).Reply.IsUnknown, queue);

        network.Arm(null);
        await service.StartAsync();
        await service.ReadyAsync();
        return repeats ? await call() : await first;
    }

    /// <summary>A job that a worker loses, and another finishes.</summary>
    private async Task LifeAsync(string queue, int maxLeaseMs)
    {
        await api.CreateAsync(New(queue));
        await api.ClaimAsync(queue, leaseMs: maxLeaseMs);
        await api.AckAsync(Assert.Single((await api.ClaimAsync(queue, waitMs: 30_000)).Grants));
        await Poll.UntilAsync(async () => (await api.QueueAsync(queue)).Totals.LeasesExpired > 0);
    }

    private static NewJob New(string queue) => new($"key of {queue}", queue, $"\"{queue}\"");
}
