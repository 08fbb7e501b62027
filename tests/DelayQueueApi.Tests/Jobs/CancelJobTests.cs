using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class CancelJobTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Theory]
    [InlineData("")]
    [InlineData("\"delayMs\":60000")]
    public async Task A_cancelled_job_is_gone_and_never_claimed(string when)
    {
        var job = await api.ScheduleAsync(queue, when);

        Assert.Equal(HttpStatusCode.NoContent, (await api.CancelAsync(job.Id)).StatusCode);

        api.Advance(60_000);
        Assert.Empty(await api.ClaimAsync(queue));
        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{job.Id}"), HttpStatusCode.NotFound, "job-not-found");
        await Api.AssertProblemAsync(await api.CancelAsync(job.Id), HttpStatusCode.NotFound, "job-not-found");
    }

    [Fact]
    public async Task A_leased_job_that_is_cancelled_tells_its_worker_and_refuses_its_ack()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);

        Assert.Equal(HttpStatusCode.NoContent, (await api.CancelAsync(job.Id)).StatusCode);

        Assert.True((await api.JobAsync(job.Id)).CancelRequested);
        var extended = await Api.ReadAsync(await api.SettleAsync(job, "extend", "\"leaseMs\":5000"), WireJson.Default.ExtendLeaseResponse);
        Assert.True(extended.CancelRequested);
        await Api.AssertProblemAsync(await api.SettleAsync(job, "ack"), HttpStatusCode.Conflict, "job-cancelled");
        await Api.AssertProblemAsync(await api.SettleAsync(job, "ack"), HttpStatusCode.Conflict, "job-cancelled");
        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{job.Id}"), HttpStatusCode.NotFound, "job-not-found");
    }

    [Theory]
    [InlineData("nack")]
    [InlineData("release")]
    public async Task A_cancelled_job_does_not_come_back_when_its_worker_lets_go(string call)
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);
        await api.CancelAsync(job.Id);

        await Api.AssertProblemAsync(await api.SettleAsync(job, call), HttpStatusCode.Conflict, "job-cancelled");

        api.Advance(3_600_000);
        Assert.Empty(await api.ClaimAsync(queue));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_job_is_gone_when_its_lease_ends(bool reaped)
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        await api.CancelAsync(job.Id);

        api.Advance(1000);
        if (reaped)
        {
            await api.ReapAsync();
        }

        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{job.Id}"), HttpStatusCode.NotFound, "job-not-found");
        await Api.AssertProblemAsync(await api.SettleAsync(job, "ack"), HttpStatusCode.NotFound, "job-not-found");
        await Api.AssertProblemAsync(await api.CancelAsync(job.Id), HttpStatusCode.NotFound, "job-not-found");
        Assert.Empty(await api.ClaimAsync(queue));
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Cancelled);
    }

    [Fact]
    public async Task A_lease_that_ran_out_has_ended_before_the_cancel()
    {
        await api.ScheduleAsync(queue);
        var first = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        await api.ScheduleAsync(queue, "\"maxAttempts\":1");
        var last = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);

        Assert.Equal(HttpStatusCode.NoContent, (await api.CancelAsync(first.Id)).StatusCode);
        await Api.AssertProblemAsync(await api.CancelAsync(last.Id), HttpStatusCode.Conflict, "job-finished");

        var counts = await api.QueueAsync(queue);
        Assert.Equal((2, 1, 1), (counts.Totals.LeasesExpired, counts.Totals.Cancelled, counts.Totals.Died));
        await Api.AssertProblemAsync(await api.SettleAsync(first, "ack"), HttpStatusCode.NotFound, "job-not-found");
    }

    [Fact]
    public async Task A_dead_job_is_finished_and_cannot_be_cancelled()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);
        await api.SettleAsync(job, "nack", "\"dead\":true");

        await Api.AssertProblemAsync(await api.CancelAsync(job.Id), HttpStatusCode.Conflict, "job-finished");

        Assert.Equal(JobState.Dead, (await api.JobAsync(job.Id)).State);
    }

    [Fact]
    public async Task A_job_that_never_was_is_not_found() =>
        await Api.AssertProblemAsync(await api.CancelAsync("0-01M83VNRT5000009VMC8KNA3D9"), HttpStatusCode.NotFound, "job-not-found");

    public sealed class OnEmbedded(EmbeddedApi api) : CancelJobTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : CancelJobTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : CancelJobTests(api), IClassFixture<PartitionedApi>;
}
