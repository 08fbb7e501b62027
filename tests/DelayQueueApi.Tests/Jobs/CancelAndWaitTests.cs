using System.Net;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>DELETE of a job with <c>wait</c>: the caller hears when the worker has let go.</summary>
public abstract class CancelAndWaitTests(Api api) : JobWaits(api)
{
    [Theory]
    [InlineData("ack")]
    [InlineData("nack")]
    [InlineData("release")]
    public async Task A_cancel_that_waits_is_answered_when_the_worker_lets_go(string call)
    {
        await api.ScheduleAsync(queue, "\"retentionMs\":60000");
        var claimed = await api.ClaimOneAsync(queue);
        var waiting = await WaitAsync(() => api.CancelAsync(claimed.Id, "?wait=60000"));

        await Api.AssertProblemAsync(await api.SettleAsync(claimed, call), HttpStatusCode.Conflict, "job-cancelled");

        Assert.Equal(HttpStatusCode.NoContent, (await waiting).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{claimed.Id}")).StatusCode);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_cancel_that_waits_is_answered_when_the_lease_ends_though_nothing_reaps()
    {
        await api.ScheduleAsync(queue);
        var claimed = await api.ClaimOneAsync(queue, "\"leaseMs\":2000");
        var waiting = await WaitAsync(() => api.CancelAsync(claimed.Id, "?wait=60000"));

        api.Advance(1999);
        Assert.False(waiting.IsCompleted);
        api.Advance(1);

        Assert.Equal(HttpStatusCode.NoContent, (await waiting).StatusCode);
    }

    [Fact]
    public async Task A_cancel_that_takes_longer_than_it_may_is_accepted()
    {
        await api.ScheduleAsync(queue);
        var claimed = await api.ClaimOneAsync(queue);
        var waiting = await WaitAsync(() => api.CancelAsync(claimed.Id, "?wait=1500"));

        api.Advance(1499);
        Assert.False(waiting.IsCompleted);
        api.Advance(1);

        var answer = await waiting;
        Assert.Equal((HttpStatusCode.Accepted, $"/jobs/{claimed.Id}"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        Assert.True((await api.JobAsync(claimed.Id)).CancelRequested);
        Assert.Equal(HttpStatusCode.NoContent, (await api.CancelAsync(claimed.Id, "?wait=0")).StatusCode);
    }

    [Fact]
    public async Task A_cancel_of_a_job_that_nobody_holds_waits_for_nothing()
    {
        var job = await api.ScheduleAsync(queue);
        var dead = (await api.DeadAsync(queue))[0];

        Assert.Equal(HttpStatusCode.NoContent, (await api.CancelAsync(job.Id, "?wait=60000")).StatusCode);
        await Api.AssertProblemAsync(await api.CancelAsync(job.Id, "?wait=60000"), HttpStatusCode.NotFound, "job-not-found");
        await Api.AssertProblemAsync(await api.CancelAsync(dead, "?wait=60000"), HttpStatusCode.Conflict, "job-finished");
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("60001")]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("%201")]
    [InlineData("99999999999")]
    public async Task A_wait_that_is_not_valid_is_named_and_cancels_nothing(string wait)
    {
        var job = await api.ScheduleAsync(queue);

        await Api.AssertInvalidAsync(await api.CancelAsync(job.Id, $"?wait={wait}"), "wait");

        Assert.Equal(JobState.Ready, (await api.JobAsync(job.Id)).State);
    }

    public sealed class OnEmbedded(EmbeddedApi api) : CancelAndWaitTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : CancelAndWaitTests(api), IClassFixture<RedisApi>;
}
