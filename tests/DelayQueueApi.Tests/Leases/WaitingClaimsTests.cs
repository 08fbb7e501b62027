using System.Net;
using DelayQueueApi.Leases;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Leases;

public abstract class WaitingClaimsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task A_waiting_claim_gets_a_job_that_is_put_meanwhile()
    {
        var waiting = await WaitAsync();

        var job = await api.ScheduleAsync(queue);

        Assert.Equal(job.Id, Assert.Single(await waiting).Id);
    }

    [Fact]
    public async Task A_waiting_claim_gets_a_job_when_it_becomes_due()
    {
        var job = await api.ScheduleAsync(queue, "\"delayMs\":5000");
        var waiting = await WaitAsync();

        api.Advance(4999);
        Assert.False(waiting.IsCompleted);
        api.Advance(1);

        var claimed = Assert.Single(await waiting);
        Assert.Equal((job.Id, 0L), (claimed.Id, claimed.LateMs));
    }

    [Fact]
    public async Task A_waiting_claim_gets_a_job_that_overtakes_the_one_it_waits_for()
    {
        await api.ScheduleAsync(queue, "\"delayMs\":30000");
        var waiting = await WaitAsync();
        var sooner = await api.ScheduleAsync(queue, "\"delayMs\":1000");

        await api.AdvanceUntilAsync(waiting, 1000);

        Assert.Equal(sooner.Id, Assert.Single(await waiting).Id);
    }

    [Theory]
    [InlineData("nack", "\"delayMs\":0")]
    [InlineData("release")]
    public async Task A_waiting_claim_gets_a_job_that_its_worker_gives_back(string call, string fields = "")
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);
        var waiting = await WaitAsync();

        await api.SettleAsync(job, call, fields);

        Assert.Equal(job.Id, Assert.Single(await waiting).Id);
    }

    [Fact]
    public async Task A_waiting_claim_gets_a_job_whose_lease_runs_out()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue, "\"leaseMs\":2000");
        var waiting = await WaitAsync();

        await api.AdvanceUntilAsync(waiting, 2000);

        Assert.Equal((job.Id, 2), (Assert.Single(await waiting).Id, (await waiting)[0].Attempt));
    }

    [Fact]
    public async Task A_claim_answers_an_empty_array_when_its_wait_is_over()
    {
        var waiting = await WaitAsync(waitMs: 3000);

        api.Advance(3000);

        Assert.Empty(await waiting);
    }

    [Fact]
    public async Task A_claim_over_several_queues_is_woken_by_each()
    {
        var other = Api.NewQueue();
        var before = api.Waiting;
        var waiting = api.PostAsync("/jobs/claim", $$"""{"queues":["{{queue}}","{{other}}"],"waitMs":60000}""");
        await Api.UntilAsync(() => api.Waiting > before);

        var job = await api.ScheduleAsync(other);

        Assert.Contains(job.Id, await (await waiting).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_burst_finds_every_waiting_claim()
    {
        var waiting = new List<Task<IReadOnlyList<ClaimJobs.ClaimedJob>>>();
        for (var i = 0; i < 20; i++)
        {
            waiting.Add(await WaitAsync());
        }

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.ScheduleAsync(queue)));

        var jobs = await Task.WhenAll(waiting);
        Assert.Equal(20, jobs.Select(claimed => Assert.Single(claimed).Id).Distinct().Count());
    }

    /// <summary>Its repeat may have got the same lease by then.</summary>
    [Theory]
    [InlineData(true, 60000)]
    [InlineData(true, 0)]
    [InlineData(false, 60000)]
    [InlineData(false, 0)]
    public async Task What_a_claim_gets_while_its_client_goes_is_kept_for_a_repeat_or_released(bool hasId, int waitMs)
    {
        await api.ScheduleAsync(queue);
        var claim = new Claim([new QueueName(queue)], 1, null, null, hasId ? queue : null);
        using var client = new CancellationTokenSource();
        api.StoreTime.BeforeScript = client.Cancel;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => api.Service<WaitingClaims>().ClaimAsync(claim, TimeSpan.FromMilliseconds(waitMs), client.Token));
        api.StoreTime.BeforeScript = null;

        var repeated = Assert.Single((await api.Service<WaitingClaims>().ClaimAsync(claim, TimeSpan.Zero, TestContext.Current.CancellationToken)).Jobs);

        var acked = await api.SettleAsync(repeated.Id.Text, new LeaseToken(repeated.Lease, repeated.Queue).ToString(), "ack");
        Assert.Equal(HttpStatusCode.NoContent, acked.StatusCode);
        var totals = (await api.QueueAsync(queue)).Totals;
        Assert.Equal(1, totals.Claimed - totals.Released);
        Assert.True(!hasId || totals.Released == 0);
    }

    [Fact]
    public async Task A_claim_whose_client_went_away_takes_no_job()
    {
        using var client = new CancellationTokenSource();
        var before = api.Waiting;
        var gone = api.Client.PostAsync(
            "/jobs/claim", Api.Content(System.Text.Encoding.UTF8.GetBytes($$"""{"queues":["{{queue}}"],"waitMs":60000}"""), "application/json"), client.Token);
        await Api.UntilAsync(() => api.Waiting > before);
        var next = await WaitAsync();

        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        var job = await api.ScheduleAsync(queue);

        var claimed = Assert.Single(await next);
        Assert.Equal((job.Id, 1), (claimed.Id, claimed.Attempt));
    }

    [Fact]
    public async Task A_lost_hint_is_made_up_for_within_a_second()
    {
        var waiting = await WaitAsync();
        var unannounced = await api.ScheduleUnannouncedAsync(queue);

        await api.AdvanceUntilAsync(waiting, 1000);

        Assert.Equal(unannounced, Assert.Single(await waiting).Id);
    }

    private Task<Task<IReadOnlyList<ClaimJobs.ClaimedJob>>> WaitAsync(int waitMs = 60_000) => api.WaitAsync(queue, $"\"waitMs\":{waitMs}");

    public sealed class OnEmbedded(EmbeddedApi api) : WaitingClaimsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : WaitingClaimsTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : WaitingClaimsTests(api), IClassFixture<PartitionedApi>;
}
