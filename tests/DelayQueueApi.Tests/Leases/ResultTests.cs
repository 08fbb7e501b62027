using System.Net;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Leases;

public abstract class ResultTests(Api api)
{
    private const string Kept = "\"retentionMs\":60000";

    private readonly string queue = Api.NewQueue();

    [Theory]
    [InlineData("{\"a\":  1.0, \"ü\":\"\\u00fc\",\n\"n\":1e5}")]
    [InlineData("\"\"")]
    [InlineData("false")]
    [InlineData("[[],{},0]")]
    public async Task A_completed_job_is_shown_with_its_result_byte_for_byte(string result)
    {
        await api.ScheduleAsync(queue, Kept, payload: "{\"in\":  1}");
        api.Advance(5);
        var claimed = await api.ClaimOneAsync(queue, "\"worker\":\"w1\"");
        var claimedAt = api.Clock.GetUtcNow();
        api.Advance(7);

        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(claimed, "ack", $"\"result\":{result}")).StatusCode);

        var now = api.Clock.GetUtcNow();
        api.Advance(3);
        var job = await api.JobAsync(claimed.Id);
        Assert.Equal((JobState.Completed, now, now.AddMinutes(1), null), (job.State, job.FinishedAt, job.KeptUntil, job.Lease));
        Assert.Equal((result, "{\"in\":  1}"), (Text(job.Result!.Value), Text(job.Payload)));
        Assert.Equal([new JobAttempt(1, AttemptOutcome.Acked, claimedAt, now, "w1")], job.Attempts!);
        Assert.Equal((1, null, null), (job.Attempt, job.Failures, job.DiedAt));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_without_a_result_is_kept_without_one()
    {
        var claimed = await ClaimAsync(Kept);

        await api.SettleAsync(claimed, "ack");

        Assert.Equal((JobState.Completed, null), await api.JobAsync(claimed.Id) is var job ? (job.State, job.Result) : default);
    }

    [Theory]
    [InlineData("", "{}", 0)]
    [InlineData("", "{\"retentionMs\":5000}", 5000)]
    [InlineData("\"retentionMs\":3000", "{\"retentionMs\":5000}", 3000)]
    [InlineData("\"retentionMs\":7000", "{}", 7000)]
    [InlineData("\"retentionMs\":0", "{\"retentionMs\":5000}", 0)]
    [InlineData("\"retentionMs\":0", "{}", 0)]
    public async Task The_jobs_own_retention_goes_before_that_of_its_queue(string fields, string settings, int keptMs)
    {
        await Api.ReadAsync(await api.PutAsync($"/queues/{queue}", settings), WireJson.Default.GetQueueResponse);
        var claimed = await ClaimAsync(fields);

        await api.SettleAsync(claimed, "ack", "\"result\":1");

        if (keptMs > 0)
        {
            api.Advance(keptMs - 1);
            await api.ReapAsync();
            Assert.Equal((JobState.Completed, 1), ((await api.JobAsync(claimed.Id)).State, (await api.QueueAsync(queue)).Completed));
            api.Advance(1);
        }

        await AssertGoneAsync(claimed.Id);
        Assert.Equal((1, 0), await api.QueueAsync(queue) is var counts ? (counts.Totals.Acked, counts.Completed) : default);
        Assert.Empty((await api.ListAsync(queue, "completed")).Jobs);
        await Api.AssertProblemAsync(await api.CancelAsync(claimed.Id), HttpStatusCode.NotFound, "job-not-found");
        await Api.AssertProblemAsync(await api.PatchAsync(claimed.Id, "{\"priority\":1}"), HttpStatusCode.NotFound, "job-not-found");
        await api.ReapAsync();
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_change_of_the_retention_holds_for_the_end()
    {
        var job = await api.ScheduleAsync(queue, "\"retentionMs\":5000");
        Assert.Equal(9000, (await Api.ReadAsync(await api.PatchAsync(job.Id, "{\"retentionMs\":9000}"), WireJson.Default.Job)).RetentionMs);

        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");

        Assert.Equal(api.Clock.GetUtcNow().AddMilliseconds(9000), (await api.JobAsync(job.Id)).KeptUntil);
    }

    [Fact]
    public async Task Kept_jobs_are_swept_when_their_time_is_over_in_queues_that_nobody_claims_from()
    {
        for (var i = 0; i < 120; i++)
        {
            await api.ScheduleAsync(queue, $"\"retentionMs\":{1000 + i}");
        }

        await Task.WhenAll((await Task.WhenAll(api.ClaimAsync(queue, "\"limit\":100"), api.ClaimAsync(queue, "\"limit\":100")))
            .SelectMany(jobs => jobs).Select(job => api.SettleAsync(job, "ack")));
        api.Advance(1109);

        await api.ReapAsync();

        Assert.Equal((10, 120), await api.QueueAsync(queue) is var counts ? (counts.Completed, counts.Totals.Acked) : default);
        Assert.Equal(10, (await api.ListAsync(queue, "completed")).Jobs.Count);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Of_more_jobs_than_the_queue_keeps_those_that_go_first_go_sooner()
    {
        await api.PutAsync($"/queues/{queue}", "{\"maxRetained\":2}");
        var ids = new List<string>();
        foreach (var retention in (int[])[9000, 5000, 7000, 8000])
        {
            var claimed = await ClaimAsync($"\"retentionMs\":{retention}", "\"leaseMs\":43200000");
            await api.SettleAsync(claimed, "ack");
            ids.Add(claimed.Id);
        }

        await api.ReapAsync();

        Assert.Equal([ids[3], ids[0]], (await api.ListAsync(queue, "completed")).Jobs.Select(job => job.Id));
        await AssertGoneAsync(ids[1]);
        var counts = await api.QueueAsync(queue);
        Assert.Equal((2, 4, 0), (counts.Completed, counts.Totals.Acked, counts.Totals.Purged));
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_queue_that_is_set_to_keep_fewer_jobs_sweeps_the_rest()
    {
        for (var i = 0; i < 5; i++)
        {
            await api.SettleAsync(await ClaimAsync(Kept), "ack");
            await api.ScheduleAsync(queue, Kept + ",\"ttlMs\":1,\"delayMs\":1");
        }

        api.Advance(10);
        await api.ReapAsync();
        Assert.Equal((5, 5), await api.QueueAsync(queue) is var before ? (before.Completed, before.Expired) : default);

        await api.PutAsync($"/queues/{queue}", "{\"maxRetained\":0}");
        await api.ReapAsync();

        var counts = await api.QueueAsync(queue);
        Assert.Equal((0, 0, 5, 5), (counts.Completed, counts.Expired, counts.Totals.Acked, counts.Totals.Expired));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task An_ack_of_a_kept_job_may_be_repeated_and_counts_once()
    {
        var claimed = await ClaimAsync(Kept);
        await api.SettleAsync(claimed, "ack", "\"result\":1");

        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(claimed, "ack", "\"result\":2")).StatusCode);

        Assert.Equal("1", Text((await api.JobAsync(claimed.Id)).Result!.Value));
        Assert.Equal((1, 1), await api.QueueAsync(queue) is var counts ? (counts.Totals.Acked, counts.Completed) : default);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Acks_of_one_lease_at_the_same_time_count_once()
    {
        var claimed = await ClaimAsync(Kept);

        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => api.SettleAsync(claimed, "ack", $"\"result\":{i}")));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode));
        Assert.Equal((1, 1), await api.QueueAsync(queue) is var counts ? (counts.Totals.Acked, counts.Completed) : default);
        Assert.Single((await api.JobAsync(claimed.Id)).Attempts!);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("ack", "\"result\":2")]
    [InlineData("nack")]
    [InlineData("release")]
    [InlineData("extend", "\"leaseMs\":1000")]
    public async Task An_older_lease_does_nothing_to_a_completed_job(string call, string fields = "")
    {
        await api.ScheduleAsync(queue, Kept);
        var old = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack", "\"result\":1");

        await Api.AssertProblemAsync(await api.SettleAsync(old, call, fields), HttpStatusCode.Conflict, "lease-lost");

        Assert.Equal((JobState.Completed, "1"), await api.JobAsync(old.Id) is var job ? (job.State, Text(job.Result!.Value)) : default);
    }

    [Fact]
    public async Task A_completed_job_stays_as_it_is_whatever_is_asked_for()
    {
        var claimed = await ClaimAsync(Kept);
        await api.SettleAsync(claimed, "ack", "\"result\":1");
        var before = await (await api.GetAsync($"/jobs/{claimed.Id}")).Content.ReadAsStringAsync();

        await Api.AssertProblemAsync(await api.CancelAsync(claimed.Id), HttpStatusCode.Conflict, "job-finished");
        await Api.AssertProblemAsync(await api.PatchAsync(claimed.Id, "{\"retentionMs\":1}"), HttpStatusCode.Conflict, "job-finished");
        await Api.AssertProblemAsync(await api.SettleAsync(claimed, "nack"), HttpStatusCode.Conflict, "lease-lost");
        await Api.AssertProblemAsync(await api.SettleAsync(claimed, "release"), HttpStatusCode.Conflict, "lease-lost");
        await Api.AssertProblemAsync(await api.SettleAsync(claimed, "extend", "\"leaseMs\":1000"), HttpStatusCode.Conflict, "lease-lost");
        await Api.AssertProblemAsync(await api.SettleAsync(claimed.Id, "nonsense", "ack"), HttpStatusCode.Conflict, "lease-lost");

        Assert.Equal(before, await (await api.GetAsync($"/jobs/{claimed.Id}")).Content.ReadAsStringAsync());
        Assert.Empty(await api.ClaimAsync(queue));
        Assert.Equal(0, await api.RedriveAsync(queue));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_that_was_cancelled_while_leased_is_not_kept()
    {
        var claimed = await ClaimAsync(Kept);
        await api.CancelAsync(claimed.Id);

        await Api.AssertProblemAsync(await api.SettleAsync(claimed, "ack", "\"result\":1"), HttpStatusCode.Conflict, "job-cancelled");

        await AssertGoneAsync(claimed.Id);
        Assert.Equal((0, 0, 1), await api.QueueAsync(queue) is var counts ? (counts.Completed, counts.Totals.Acked, counts.Totals.Cancelled) : default);
    }

    [Fact]
    public async Task Lists_show_completed_jobs_in_the_order_in_which_they_go()
    {
        var ids = new List<string>();
        foreach (var retention in (int[])[9000, 5000, 7000])
        {
            var claimed = await ClaimAsync($"\"retentionMs\":{retention},\"metadata\":{{\"of\":\"{retention}\"}}");
            await api.SettleAsync(claimed, "ack", $"\"result\":{retention}");
            ids.Add(claimed.Id);
        }

        var page = await api.ListAsync(queue, "completed", "&limit=2");

        Assert.Equal([ids[1], ids[2]], page.Jobs.Select(job => job.Id));
        Assert.Equal(["5000", "7000"], page.Jobs.Select(job => Text(job.Result!.Value)));
        Assert.Equal([ids[0]], (await api.ListAsync(queue, "completed", $"&cursor={page.Next}")).Jobs.Select(job => job.Id));
        Assert.Equal([ids[2]], (await api.ListAsync(queue, "completed", "&metadata.of=7000")).Jobs.Select(job => job.Id));
        api.Advance(5000);
        Assert.Equal([ids[2], ids[0]], (await api.ListAsync(queue, "completed")).Jobs.Select(job => job.Id));
    }

    [Theory]
    [InlineData("completed", 45, 0, 3)]
    [InlineData("expired", 3, 45, 0)]
    public async Task A_purge_of_what_is_kept_changes_no_total(string state, int purged, int completed, int expired)
    {
        for (var i = 0; i < 45; i++)
        {
            await api.ScheduleAsync(queue, Kept);
        }

        foreach (var claimed in await api.ClaimAsync(queue, "\"limit\":100"))
        {
            await api.SettleAsync(claimed, "ack");
        }

        for (var i = 0; i < 3; i++)
        {
            await api.ScheduleAsync(queue, Kept + ",\"ttlMs\":1");
        }

        api.Advance(1);
        await api.ReapAsync();

        Assert.Equal(purged, await api.PurgeAsync(queue, state));
        Assert.Equal(0, await api.PurgeAsync(queue, state));

        var counts = await api.QueueAsync(queue);
        Assert.Equal((completed, expired), (counts.Completed, counts.Expired));
        Assert.Equal((45, 3, 0, 0), (counts.Totals.Acked, counts.Totals.Expired, counts.Totals.Purged, counts.Totals.Cancelled));
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_result_of_the_limit_is_kept_and_one_byte_more_is_refused_and_leaves_the_lease()
    {
        var result = $"\"{new string('x', (64 * 1024) - 2)}\"";
        var claimed = await ClaimAsync(Kept);

        var larger = await api.SettleAsync(claimed, "ack", $"\"result\":{result.Insert(1, "x")}");
        var item = await api.PostAsync("/jobs/settle", $$"""{"acks":[{"id":"{{claimed.Id}}","leaseToken":"{{claimed.Lease.Token}}","result":{{result.Insert(1, "x")}}}]}""");

        await Api.AssertProblemAsync(larger, HttpStatusCode.RequestEntityTooLarge, "payload-too-large");
        Assert.Equal(413, Assert.Single((await Api.ReadAsync(item, WireJson.Default.SettleJobsResponse)).Results).Status);
        Assert.Equal(JobState.Leased, (await api.JobAsync(claimed.Id)).State);
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(claimed, "ack", $"\"result\":{result}")).StatusCode);
        Assert.Equal(result, Text((await api.JobAsync(claimed.Id)).Result!.Value));
    }

    [Fact]
    public async Task Results_of_many_jobs_settled_at_once_stay_with_their_jobs()
    {
        for (var i = 0; i < 30; i++)
        {
            await api.ScheduleAsync(queue, Kept);
        }

        var claimed = await api.ClaimAsync(queue, "\"limit\":30");
        var text = new string('x', 60_000);
        var acks = string.Join(',', claimed.Select(job => $$"""{"id":"{{job.Id}}","leaseToken":"{{job.Lease.Token}}","result":"{{job.Id}}{{text}}"}"""));

        var answer = await Api.ReadAsync(await api.PostAsync("/jobs/settle", $$"""{"acks":[{{acks}}]}"""), WireJson.Default.SettleJobsResponse);

        Assert.All(answer.Results, result => Assert.Equal(204, result.Status));
        foreach (var job in claimed)
        {
            Assert.Equal($"\"{job.Id}{text}\"", Text((await api.JobAsync(job.Id)).Result!.Value));
        }

        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task What_is_made_is_what_is_there_and_what_has_ended_whatever_happens()
    {
        for (var i = 0; i < 12; i++)
        {
            await api.ScheduleAsync(queue, $"\"retentionMs\":{i % 2 * 5000},\"maxAttempts\":1,\"ttlMs\":{(i < 8 ? 60_000 : 1000)}");
        }

        var claimed = await api.ClaimAsync(queue, "\"limit\":7,\"leaseMs\":2000");
        await api.SettleAsync(claimed[0], "ack");
        await api.SettleAsync(claimed[1], "ack");
        await api.SettleAsync(claimed[2], "nack");
        await api.SettleAsync(claimed[3], "release");
        await api.CancelAsync(claimed[4].Id);
        Api.AssertAddsUp(await api.QueueAsync(queue));
        foreach (var ms in (int[])[999, 1, 999, 1, 4000, 60_000])
        {
            api.Advance(ms);
            Api.AssertAddsUp(await api.QueueAsync(queue));
            await api.ReapAsync();
            Api.AssertAddsUp(await api.QueueAsync(queue));
            await api.AssertSoundAsync();
        }

        await api.PurgeAsync(queue, "dead");
        var counts = await api.QueueAsync(queue);
        Assert.Equal((12, 2, 1, 3), (counts.Totals.Created, counts.Totals.Acked, counts.Totals.Cancelled, counts.Totals.Purged));
        Assert.Equal((5, 1, 0, 1), (counts.Totals.Expired, counts.Ready, counts.Completed, counts.Expired));
        Api.AssertAddsUp(counts);
    }

    [Fact]
    public async Task A_queue_with_nothing_but_kept_jobs_can_be_deleted()
    {
        var claimed = await ClaimAsync(Kept);
        await api.SettleAsync(claimed, "ack");

        Assert.Equal(HttpStatusCode.NoContent, (await api.Client.DeleteAsync(new Uri($"/queues/{queue}", UriKind.Relative))).StatusCode);

        await AssertGoneAsync(claimed.Id);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("\"result\":\"\\ud800\"", "result")]
    [InlineData("\"result\":1,\"result\":2", "result")]
    [InlineData("\"results\":1", "results")]
    [InlineData("\"result\":NaN", "$")]
    public async Task A_result_that_is_not_valid_is_named_and_leaves_the_lease(string fields, string field)
    {
        var claimed = await ClaimAsync(Kept);

        await Api.AssertInvalidAsync(await api.SettleAsync(claimed, "ack", fields), field);

        Assert.Equal(JobState.Leased, (await api.JobAsync(claimed.Id)).State);
    }

    private async Task<ClaimJobs.ClaimedJob> ClaimAsync(string fields, string claim = "")
    {
        await api.ScheduleAsync(queue, fields);
        return await api.ClaimOneAsync(queue, claim);
    }

    private async Task AssertGoneAsync(string id) =>
        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{id}"), HttpStatusCode.NotFound, "job-not-found");

    private static string Text(RawJson json) => Encoding.UTF8.GetString(json.Utf8.Span);

    public sealed class OnEmbedded(EmbeddedApi api) : ResultTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ResultTests(api), IClassFixture<RedisApi>;
}
