using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>How a job that has expired is shown and kept, and that nothing changes it any more.</summary>
public abstract class ExpiredJobTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Without_retention_an_expired_job_is_shown_until_it_is_reaped()
    {
        var job = await api.ScheduleAsync(queue, "\"ttlMs\":1000");
        api.Advance(1000);
        Assert.Equal(JobState.Expired, (await api.JobAsync(job.Id)).State);

        await api.ReapAsync();

        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{job.Id}"), HttpStatusCode.NotFound, "job-not-found");
        Assert.Equal((1, 0), await api.QueueAsync(queue) is var counts ? (counts.Totals.Expired, counts.Expired) : default);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData(",\"retentionMs\":5000", "{}")]
    [InlineData("", "{\"retentionMs\":5000}")]
    [InlineData(",\"retentionMs\":5000", "{\"retentionMs\":1}")]
    public async Task With_retention_an_expired_job_is_kept_for_it(string fields, string settings)
    {
        await api.PutAsync($"/queues/{queue}", settings);
        var job = await api.ScheduleAsync(queue, "\"ttlMs\":1000" + fields, payload: "{\"a\":  1}");
        api.Advance(1000);
        await api.ReapAsync();

        api.Advance(4999);
        await api.ReapAsync();
        var kept = await api.JobAsync(job.Id);
        Assert.Equal((JobState.Expired, job.RunAt.AddMilliseconds(1000), job.RunAt.AddMilliseconds(6000)), (kept.State, kept.FinishedAt, kept.KeptUntil));
        Assert.Equal(("{\"a\":  1}", 0, null, null), (System.Text.Encoding.UTF8.GetString(kept.Payload.Utf8.Span), kept.Attempt, kept.Attempts, kept.Result));
        api.Advance(1);
        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{job.Id}"), HttpStatusCode.NotFound, "job-not-found");
        Assert.Equal((1, 0), await api.QueueAsync(queue) is var counts ? (counts.Totals.Expired, counts.Expired) : default);
        Api.AssertAddsUp(counts);
        await api.ReapAsync();
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_tells_the_instant_at_which_it_expired_also_where_it_was_reaped_later()
    {
        var job = await api.ScheduleAsync(queue, "\"ttlMs\":1000,\"retentionMs\":5000");
        api.Advance(4000);
        var before = await api.JobAsync(job.Id);

        await api.ReapAsync();

        var after = await api.JobAsync(job.Id);
        Assert.Equal((job.RunAt.AddMilliseconds(1000), before.FinishedAt), (before.FinishedAt, after.FinishedAt));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_expired_job_can_be_neither_cancelled_nor_changed(bool reaped)
    {
        var kept = await api.ScheduleAsync(queue, "\"ttlMs\":1000,\"retentionMs\":60000");
        var gone = await api.ScheduleAsync(queue, "\"ttlMs\":1000");
        var other = await api.ScheduleAsync(queue, "\"ttlMs\":1000");
        var changed = await api.ScheduleAsync(queue, "\"ttlMs\":1000,\"retentionMs\":60000");
        api.Advance(1000);
        if (reaped)
        {
            await api.ReapAsync();
        }

        await Api.AssertProblemAsync(await api.CancelAsync(kept.Id), HttpStatusCode.Conflict, "job-finished");
        await Api.AssertProblemAsync(await api.PatchAsync(changed.Id, "{\"ttlMs\":60000}"), HttpStatusCode.Conflict, "job-finished");
        await Api.AssertProblemAsync(await api.CancelAsync(gone.Id), HttpStatusCode.NotFound, "job-not-found");
        await Api.AssertProblemAsync(await api.PatchAsync(other.Id, "{\"delayMs\":60000}"), HttpStatusCode.NotFound, "job-not-found");

        var counts = await api.QueueAsync(queue);
        Assert.Equal((4, 0, 2), (counts.Totals.Expired, counts.Totals.Cancelled, counts.Expired));
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Lists_show_expired_jobs_once_they_are_reaped_and_overdue_ones_nowhere()
    {
        var ids = new List<string>();
        foreach (var retention in (int[])[9000, 5000, 7000])
        {
            ids.Add((await api.ScheduleAsync(queue, $"\"ttlMs\":1000,\"retentionMs\":{retention}")).Id);
        }

        var live = await api.ScheduleAsync(queue);
        api.Advance(1000);
        Assert.Equal([live.Id], (await api.ListAsync(queue, "ready")).Jobs.Select(job => job.Id));
        Assert.Empty((await api.ListAsync(queue, "expired")).Jobs);

        await api.ReapAsync();

        var page = await api.ListAsync(queue, "expired", "&limit=2");
        Assert.Equal([ids[1], ids[2]], page.Jobs.Select(job => job.Id));
        Assert.Equal([ids[0]], (await api.ListAsync(queue, "expired", $"&cursor={page.Next}")).Jobs.Select(job => job.Id));
        Assert.All(page.Jobs, job => Assert.Equal(JobState.Expired, job.State));
        api.Advance(5000);
        Assert.Equal([ids[2], ids[0]], (await api.ListAsync(queue, "expired")).Jobs.Select(job => job.Id));
        Assert.Equal([live.Id], (await api.ListAsync(queue, "ready")).Jobs.Select(job => job.Id));
    }

    [Fact]
    public async Task Explain_tells_that_it_expired()
    {
        var job = await api.ScheduleAsync(queue, "\"ttlMs\":1000");
        api.Advance(1000);

        var explained = await Api.ReadAsync(await api.GetAsync($"/jobs/{job.Id}/explain"), WireJson.Default.ExplainJobResponse);

        Assert.Equal((JobState.Expired, "No worker had it within 1000 ms of its run-at."), (explained.State, explained.Why));
    }

    public sealed class OnEmbedded(EmbeddedApi api) : ExpiredJobTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ExpiredJobTests(api), IClassFixture<RedisApi>;
}
