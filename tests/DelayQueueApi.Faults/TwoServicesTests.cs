using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>Two instances of the service on one Redis.</summary>
public sealed class TwoServicesTests : IAsyncLifetime
{
    private const string Queue = "shared";

    private readonly RedisProcess redis = new();
    private readonly ServiceProcess first;
    private readonly ServiceProcess second;
    private readonly JobClient there;
    private readonly JobClient here;

    public TwoServicesTests()
    {
        (first, second) = (ServiceProcess.OnRedis(redis), ServiceProcess.OnRedis(redis));
        var history = new History();
        (here, there) = (new JobClient(() => first.Client, history), new JobClient(() => second.Client, history));
    }

    public async ValueTask InitializeAsync()
    {
        await redis.StartAsync();
        await Task.WhenAll(first.StartAsync(), second.StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await first.DisposeAsync();
        await second.DisposeAsync();
        await redis.DisposeAsync();
    }

    [Fact]
    public async Task Each_reads_claims_and_settles_what_the_other_wrote()
    {
        var made = (await here.CreateAsync(new NewJob("key", Queue, """{ "big":12345678901234567890 }"""))).Made!;

        Assert.Equal(made, await there.JobAsync(made.Id));
        var claimed = Assert.Single((await there.ClaimAsync(Queue)).Grants);
        Assert.Equal((made.Id, made.Payload), (claimed.Id, claimed.Payload));
        Assert.Equal(204, (await here.AckAsync(claimed)).Reply.Status);
        Assert.Equal(204, (await there.AckAsync(claimed)).Reply.Status);
        Assert.Equal(404, (await there.LookAsync(made.Id)).Reply.Status);
    }

    [Fact]
    public async Task A_claim_that_waits_at_one_is_woken_by_a_job_put_at_the_other()
    {
        const int Hops = 40;
        var soon = 0;
        for (var hop = 0; hop < Hops; hop++)
        {
            var waiting = await WaitingClaim.BeginAsync(second.Client, Queue);
            var started = TimeProvider.System.GetTimestamp();
            var made = (await here.CreateAsync(new NewJob($"hop-{hop}", Queue, "1"))).Made!;
            Assert.Contains(made.Id, await (await waiting).Content.ReadAsStringAsync(), StringComparison.Ordinal);
            soon += TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromMilliseconds(400) ? 1 : 0;
        }

        // Waiting claims also look by themselves, once a second: without hints two of five jobs would be there so soon.
        Assert.InRange(soon, Hops * 2 / 3, Hops);
    }

    [Fact]
    public async Task Two_reapers_give_a_lease_that_ran_out_back_once()
    {
        const int Jobs = 10;
        for (var job = 0; job < Jobs; job++)
        {
            await here.CreateAsync(new NewJob($"reaped-{job}", Queue, "1", MaxAttempts: 3));
        }

        var lost = (await here.ClaimAsync(Queue, Jobs, leaseMs: 1_000)).Grants;
        await Poll.UntilAsync(async () => (await there.QueueAsync(Queue)).Totals.LeasesExpired >= Jobs);

        var again = (await there.ClaimAsync(Queue, Jobs)).Grants;
        Assert.Equal(lost.Select(job => (job.Id, 2)).Order(), again.Select(job => (job.Id, job.Attempt)).Order());
        Assert.All(await Task.WhenAll(again.Select(job => here.JobAsync(job.Id))), job => Assert.Equal(new Failures(0, 1, 0), job.Failures));
        Assert.Equal((Jobs, 2 * Jobs), await here.QueueAsync(Queue) is var queue ? (queue.Totals.LeasesExpired, queue.Totals.Claimed) : default);
    }
}
