using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

public class ClockTests
{
    private const string Queue = "clock";
    private const int LeaseMs = 60_000;

    /// <summary>Two services whose hosts are two hours apart, on one store: only the store's clock counts.</summary>
    [Fact]
    public async Task Hosts_whose_clocks_are_wrong_change_nothing()
    {
        using var ahead = new FakeClock("+1h");
        using var behind = new FakeClock("-1h");
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var run = await Run.StartAsync(Seeds.Seed, ServiceProcess.OnRedis(redis).With(ahead), ServiceProcess.OnRedis(redis).With(behind));
        run.Load.Start();

        await run.Load.PassAsync(2_000);

        await run.EndAsync();
    }

    /// <summary>
    /// Jobs are late by as much; nothing is lost, nothing goes backwards, and nothing is stuck once the clock is right again. The embedded store
    /// reads the clock of its process; what is built with jemalloc, as Redis is, does not start under libfaketime.
    /// </summary>
    [Fact]
    public async Task A_clock_of_the_store_that_steps_back_delays_jobs_and_breaks_nothing_else()
    {
        using var clock = new FakeClock();
        await using var service = ServiceProcess.OnEmbedded().With(clock);
        await service.StartAsync();
        using var history = new History();
        var api = new JobClient(() => service.Client, history);
        async Task<Job> CreateAsync(string name) => (await api.CreateAsync(new NewJob(name, Queue, $"\"{name}\""))).Made!;
        var job = await CreateAsync("held");
        var first = Assert.Single((await api.ClaimAsync(Queue, leaseMs: LeaseMs)).Grants);
        var ready = await CreateAsync("ready");

        clock.Set("-1h");

        var late = await CreateAsync("after the step");
        Assert.InRange(ready.EnqueuedAt - late.EnqueuedAt, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(60));
        Assert.True(string.CompareOrdinal(late.Id, ready.Id) > 0, "Ids go on rising.");
        Assert.Equal(200, (await api.NackAsync(first, delayMs: 0)).Reply.Status);
        var due = (await api.ClaimAsync(Queue, limit: 3, LeaseMs)).Grants;
        Assert.Equal([late.Id, job.Id], due.Select(claimed => claimed.Id));
        var again = due[1];
        Assert.True(again.Lease.Fence > first.Lease.Fence && again.Lease.ExpiresAt < first.Lease.ExpiresAt, $"{again}");
        Assert.Empty((await api.ClaimAsync(Queue)).Grants);

        clock.Set("+0");

        await Poll.UntilAsync(async () => (await api.QueueAsync(Queue)) is { Ready: 3, Leased: 0 });
        var jobs = (await api.ClaimAsync(Queue, limit: 3)).Grants;
        Assert.Equal(new[] { job.Id, ready.Id, late.Id }.Order(), jobs.Select(claimed => claimed.Id).Order());
        Assert.All(jobs, claimed => Assert.True(claimed.Lease.Fence > again.Lease.Fence, $"{claimed}"));
        Assert.All(await Task.WhenAll(jobs.Select(api.AckAsync)), ack => Assert.Equal(204, ack.Reply.Status));
        Assert.Equal(0, (await service.FsckAsync()).Found);
    }
}
