using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class ExpireJobTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Theory]
    [InlineData("\"ttlMs\":1000", 0)]
    [InlineData("\"ttlMs\":1000,\"delayMs\":5000", 5000)]
    [InlineData("\"ttlMs\":1000,\"runAt\":\"2020-01-01T00:00:00Z\"", 0)]
    public async Task A_job_that_no_worker_has_had_in_time_expires_and_is_never_delivered(string fields, int dueMs)
    {
        var job = await api.ScheduleAsync(queue, fields + ",\"retentionMs\":60000");
        api.Advance(dueMs + 999);
        Assert.Equal((JobState.Ready, 1000L, null), (await api.JobAsync(job.Id)) is var before ? (before.State, before.TtlMs, before.FinishedAt) : default);

        api.Advance(1);

        var expired = await api.JobAsync(job.Id);
        Assert.Equal((JobState.Expired, api.Clock.GetUtcNow()), (expired.State, expired.FinishedAt));
        Assert.Empty(await api.ClaimAsync(queue));
        var counts = await api.QueueAsync(queue);
        Assert.Equal((1, 0, 1, 0), (counts.Totals.Expired, counts.Totals.LeasesExpired, counts.Expired, counts.Ready));
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_is_claimed_until_the_last_millisecond()
    {
        await api.ScheduleAsync(queue, "\"ttlMs\":1000");
        api.Advance(999);

        var job = await api.ClaimOneAsync(queue);

        api.Advance(5000);
        await api.ReapAsync();
        Assert.Equal(JobState.Leased, (await api.JobAsync(job.Id)).State);
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(job, "ack")).StatusCode);
        Assert.Equal(0, (await api.QueueAsync(queue)).Totals.Expired);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"retentionMs\":60000")]
    public async Task A_claim_passes_over_more_overdue_jobs_than_a_reap_takes_and_gets_all_others_in_order(string retention)
    {
        var live = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            var batch = string.Join(',', Enumerable.Range(0, 5).Select(n => $$"""{"queue":"{{queue}}","payload":1,"priority":{{9 - (i / 6)}},"ttlMs":{{1000 + n}}{{retention}}}"""));
            await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{batch}}]}""");
            live.Add((await api.ScheduleAsync(queue, $"\"priority\":{9 - (i / 6)},\"ttlMs\":1005")).Id);
        }

        api.Advance(1004);
        var first = await api.ClaimAsync(queue, "\"limit\":45");
        var rest = await api.ClaimAsync(queue, "\"limit\":100");

        Assert.Equal(live, first.Concat(rest).Select(job => job.Id));
        Assert.Equal(45, first.Count);
        var counts = await api.QueueAsync(queue);
        Assert.Equal((300, retention.Length > 0 ? 300 : 0, 60), (counts.Totals.Expired, counts.Expired, counts.Leased));
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Thousands_of_overdue_jobs_hold_up_no_claim_for_good()
    {
        for (var i = 0; i < 10; i++)
        {
            await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat($$"""{"queue":"{{queue}}","payload":1,"priority":9,"ttlMs":1000}""", 1000))}}]}""");
        }

        var live = await api.ScheduleAsync(queue);
        api.Advance(1000);

        Assert.Equal(live.Id, (await api.ClaimOneAsync(queue, "\"waitMs\":60000")).Id);

        await api.ReapAsync();
        Assert.Equal((10_000, 1), await api.QueueAsync(queue) is var counts ? (counts.Totals.Expired, counts.Leased) : default);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Overdue_jobs_of_queues_that_nobody_claims_from_expire_by_themselves()
    {
        var queues = Enumerable.Range(0, 25).Select(_ => Api.NewQueue()).ToArray();
        foreach (var name in queues)
        {
            for (var i = 0; i < 7; i++)
            {
                await api.ScheduleAsync(name, $"\"ttlMs\":1000,\"delayMs\":{i}");
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 120).Select(_ => api.ScheduleAsync(queue, "\"ttlMs\":1000")));
        api.Advance(1005);
        await api.ReapAsync();

        Assert.Equal((120, 0), await api.QueueAsync(queue) is var many ? (many.Totals.Expired, many.Ready) : default);
        foreach (var name in queues)
        {
            Assert.Equal((6, 1), await api.QueueAsync(name) is var counts ? (counts.Totals.Expired, counts.Ready) : default);
        }

        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("{\"ttlMs\":3000}", 3000)]
    [InlineData("{\"ttlMs\":500}", 500)]
    [InlineData("{\"delayMs\":4000}", 5000)]
    [InlineData("{\"delayMs\":4000,\"ttlMs\":1}", 4001)]
    [InlineData("{\"priority\":9,\"payload\":2}", 1000)]
    public async Task A_change_moves_the_instant(string change, int expiresMs)
    {
        var job = await api.ScheduleAsync(queue, "\"ttlMs\":1000,\"retentionMs\":60000");

        await Api.ReadAsync(await api.PatchAsync(job.Id, change), WireJson.Default.Job);

        api.Advance(expiresMs - 1);
        await api.ReapAsync();
        Assert.Equal(JobState.Ready, (await api.JobAsync(job.Id)).State);
        await api.AssertSoundAsync();
        api.Advance(1);
        await api.ReapAsync();
        Assert.Equal((JobState.Expired, 1), ((await api.JobAsync(job.Id)).State, (await api.QueueAsync(queue)).Totals.Expired));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_that_had_no_time_to_start_by_gets_one_by_a_change()
    {
        var job = await api.ScheduleAsync(queue);

        Assert.Equal(700, (await Api.ReadAsync(await api.PatchAsync(job.Id, "{\"ttlMs\":700}"), WireJson.Default.Job)).TtlMs);

        api.Advance(700);
        await api.ReapAsync();
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Expired);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("nack")]
    [InlineData("release")]
    [InlineData(null)]
    public async Task A_job_that_a_worker_has_had_once_does_not_expire_any_more(string? call)
    {
        await api.ScheduleAsync(queue, "\"ttlMs\":1000");
        var job = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        if (call is not null)
        {
            await api.SettleAsync(job, call);
        }

        api.Advance(3_600_000);
        await api.ReapAsync();

        Assert.Equal(JobState.Ready, (await api.JobAsync(job.Id)).State);
        await api.PatchAsync(job.Id, "{\"ttlMs\":1}");
        api.Advance(1000);
        Assert.Equal(job.Id, (await api.ClaimOneAsync(queue)).Id);
        Assert.Equal(0, (await api.QueueAsync(queue)).Totals.Expired);
        await api.AssertSoundAsync();
    }

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
    public async Task Jobs_of_a_paused_queue_expire_too()
    {
        await api.PostAsync($"/queues/{queue}/pause");
        await api.ScheduleAsync(queue, "\"ttlMs\":1000");
        api.Advance(1000);

        await api.ReapAsync();

        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Expired);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_is_claimed_cancelled_or_expired_and_never_two_of_them()
    {
        var jobs = await Task.WhenAll(Enumerable.Range(0, 90).Select(i => api.ScheduleAsync(queue, $"\"ttlMs\":{1000 + (i % 2)}")));
        api.Advance(1000);

        await Task.WhenAll(
            Task.WhenAll(jobs.Select(job => api.CancelAsync(job.Id))),
            Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.ClaimAsync(queue, "\"limit\":2"))),
            Task.WhenAll(Enumerable.Range(0, 8).Select(_ => api.ReapAsync())));

        var counts = await api.QueueAsync(queue);
        Assert.Equal(45, counts.Totals.Expired);
        Assert.Equal(45, counts.Totals.Cancelled + counts.Leased + counts.Ready);
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Explain_tells_that_it_expired()
    {
        var job = await api.ScheduleAsync(queue, "\"ttlMs\":1000");
        api.Advance(1000);

        var explained = await Api.ReadAsync(await api.GetAsync($"/jobs/{job.Id}/explain"), WireJson.Default.ExplainJobResponse);

        Assert.Equal((JobState.Expired, "No worker had it within 1000 ms of its run-at."), (explained.State, explained.Why));
    }

    [Fact]
    public async Task A_job_of_a_schedule_expires_by_its_instant_however_late_it_was_made()
    {
        await api.PutAsync($"/schedules/{queue}", $$"""{"intervalMs":60000,"job":{"payload":1,"queue":"{{queue}}","ttlMs":5000,"retentionMs":60000} }""");
        api.Advance(60_000);
        await api.FireAsync();
        api.Advance(4999);
        var intime = await api.ClaimOneAsync(queue);
        await api.SettleAsync(intime, "ack");

        api.Advance(60_001);
        await api.FireAsync();
        await api.ReapAsync();

        var late = Assert.Single((await api.ListAsync(queue, "expired")).Jobs);
        Assert.Equal((intime.RunAt.AddMinutes(1), intime.RunAt.AddMilliseconds(65_000)), (late.RunAt, late.FinishedAt));
        Assert.Empty(await api.ClaimAsync(queue));
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("skip")]
    [InlineData("replace")]
    public async Task A_job_that_is_overdue_keeps_no_later_instant_from_its_job(string overlap)
    {
        await api.PutAsync($"/schedules/{queue}", $$"""{"intervalMs":60000,"overlap":"{{overlap}}","job":{"payload":1,"queue":"{{queue}}","ttlMs":60000} }""");
        api.Advance(60_000);
        await api.FireAsync();
        var first = Assert.Single((await api.ListAsync(queue, "ready")).Jobs);
        api.Advance(60_000);

        await api.FireAsync();

        var second = Assert.Single((await api.ListAsync(queue, "ready")).Jobs);
        Assert.Equal(first.RunAt.AddMinutes(1), second.RunAt);
        Assert.Equal((1, 0), await api.QueueAsync(queue) is var counts ? (counts.Totals.Expired, counts.Totals.Cancelled) : default);
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : ExpireJobTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ExpireJobTests(api), IClassFixture<RedisApi>;
}
