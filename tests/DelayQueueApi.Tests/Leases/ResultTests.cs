using System.Net;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Leases;

/// <summary>What an ack leaves of a job that is kept: its result, once and for all.</summary>
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

    private Task<ClaimJobs.ClaimedJob> ClaimAsync(string fields) => api.LeasedAsync(queue, fields);

    private static string Text(RawJson json) => Encoding.UTF8.GetString(json.Utf8.Span);

    public sealed class OnEmbedded(EmbeddedApi api) : ResultTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ResultTests(api), IClassFixture<RedisApi>;
}
