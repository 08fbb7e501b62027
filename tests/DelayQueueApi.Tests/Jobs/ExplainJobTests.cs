using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class ExplainJobTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task A_scheduled_job_waits_for_its_time_and_behind_those_that_go_first()
    {
        await api.ScheduleAsync(queue, "\"delayMs\":4000");
        await api.ScheduleAsync(queue, "\"delayMs\":5000,\"priority\":9");
        await api.ScheduleAsync(queue, "\"delayMs\":5001,\"priority\":9");
        await api.ScheduleAsync(queue, "\"priority\":0");
        var job = await api.ScheduleAsync(queue, "\"delayMs\":5000");
        var runAt = api.Clock.GetUtcNow().AddSeconds(5);

        var why = await ExplainAsync(job.Id);

        Assert.Equal(
            new ExplainJob.Response(job.Id, JobState.Scheduled, $"It is not due before {runAt:yyyy-MM-ddTHH:mm:ss.fffZ}. 2 jobs of its queue go before it.", runAt, 2, 0), why);
    }

    [Fact]
    public async Task A_ready_job_waits_for_a_claim_of_which_it_tells_how_many_there_are()
    {
        var job = await api.ScheduleAsync(queue);

        Assert.Equal("It is due. Nobody has asked for jobs of its queue.", (await ExplainAsync(job.Id)).Why);
        await api.PostAsync($"/queues/{queue}/pause", "");
        Assert.StartsWith("It is due. Its queue is paused.", (await ExplainAsync(job.Id)).Why, StringComparison.Ordinal);
        await api.PostAsync($"/queues/{queue}/resume", "");
        await api.ClaimOneAsync(queue);
        var waiting = await api.WaitAsync(queue);
        var later = await api.ScheduleAsync(queue, "\"delayMs\":5");
        Assert.Equal((0, 1), await ExplainAsync(later.Id) is var why ? (why.JobsAhead, why.ClaimsWaiting) : default);

        await api.CancelAsync(later.Id);
        await api.ScheduleAsync(queue);
        await waiting;
    }

    [Fact]
    public async Task A_leased_job_waits_for_its_worker()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue, "\"worker\":\"mailer-1\"");

        var why = await ExplainAsync(job.Id);
        Assert.Equal((JobState.Leased, $"mailer-1 holds it until {job.Lease.ExpiresAt:yyyy-MM-ddTHH:mm:ss.fffZ}.", job.Lease.Fence), (why.State, why.Why, why.Lease!.Fence));
        Assert.Null(why.JobsAhead);

        await api.CancelAsync(job.Id);
        Assert.EndsWith(", and is told to stop.", (await ExplainAsync(job.Id)).Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_failed_tells_after_which_error()
    {
        await api.ScheduleAsync(queue, "\"maxAttempts\":2");
        var job = await api.ClaimOneAsync(queue);
        await api.SettleAsync(job, "nack", "\"error\":\"No answer.\",\"delayMs\":1000");

        var backing = await ExplainAsync(job.Id);
        Assert.StartsWith("Attempt 1 of 2 has failed (No answer.); it is tried again at ", backing.Why, StringComparison.Ordinal);
        Assert.Equal("No answer.", backing.LastError!.Message);

        api.Advance(1000);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack");
        Assert.Equal((JobState.Dead, "It is dead: all 2 attempts have failed."), await ExplainAsync(job.Id) is var dead ? (dead.State, dead.Why) : default);
    }

    [Fact]
    public async Task A_job_that_was_declared_dead_says_so()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);
        await api.SettleAsync(job, "nack", "\"dead\":true");

        Assert.Equal("A worker declared it dead.", (await ExplainAsync(job.Id)).Why);
    }

    [Fact]
    public async Task A_job_that_is_gone_is_not_found() =>
        await Api.AssertProblemAsync(await api.GetAsync("/jobs/0-01M83VNRT5000009VMC8KNA3D9/explain"), HttpStatusCode.NotFound, "job-not-found");

    private async Task<ExplainJob.Response> ExplainAsync(string id) => await Api.ReadAsync(await api.GetAsync($"/jobs/{id}/explain"), WireJson.Default.ExplainJobResponse);

    public sealed class OnEmbedded(EmbeddedApi api) : ExplainJobTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ExplainJobTests(api), IClassFixture<RedisApi>;
}
