using System.Net;
using System.Text.Json.Nodes;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>What becomes of a request whose unique key another job holds.</summary>
public abstract class UniqueConflictTests(Api api) : UniqueKeys(api)
{
    [Fact]
    public async Task Where_another_job_holds_the_key_that_job_is_answered_and_none_made()
    {
        var first = await api.ScheduleAsync(queue, Key + ",\"metadata\":{\"a\":\"b\"}", payload: "{\"a\":  1}");
        Assert.Equal(new JobUnique("k", UniqueUntil.Finished), first.Unique);

        var again = await PostAsync(Key + ",\"delayMs\":5000,\"priority\":9");

        Assert.Equal($"/jobs/{first.Id}", again.Headers.Location?.OriginalString);
        var answered = await Api.ReadAsync(again, WireJson.Default.Job);
        Assert.Equal((first.Id, JobState.Ready, first.Priority, first.RunAt), (answered.Id, answered.State, answered.Priority, answered.RunAt));
        Assert.Equal(("{\"a\":  1}", "b"), (System.Text.Encoding.UTF8.GetString(answered.Payload.Utf8.Span), answered.Metadata!["a"]));
        Assert.Equal(new JobUnique("k", UniqueUntil.Finished), answered.Unique);
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Created);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_that_a_worker_holds_is_answered_as_leased()
    {
        await api.ScheduleAsync(queue, Key);
        var claimed = await api.ClaimOneAsync(queue, "\"worker\":\"w\"");

        var answered = await Api.ReadAsync(await PostAsync(Key), WireJson.Default.Job);

        Assert.Equal((claimed.Id, JobState.Leased, "w"), (answered.Id, answered.State, answered.Lease?.Worker));
    }

    [Theory]
    [InlineData("reject", false)]
    [InlineData("reject", true)]
    [InlineData("replace", true)]
    public async Task A_conflict_names_the_job_that_holds_the_key(string onConflict, bool leased)
    {
        var first = await api.ScheduleAsync(queue, Key);
        if (leased)
        {
            await api.ClaimOneAsync(queue);
        }

        var answer = await PostAsync($"\"unique\":{{\"key\":\"k\",\"onConflict\":\"{onConflict}\"}}");

        await AssertConflictAsync(answer, first.Id);
        Assert.Equal((1, 0), await api.QueueAsync(queue) is var counts ? (counts.Totals.Created, counts.Totals.Cancelled) : default);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"delayMs\":5000,\"ttlMs\":1000")]
    public async Task A_pending_job_is_replaced_and_counts_as_cancelled(string fields)
    {
        var first = await api.ScheduleAsync(queue, Key + fields);

        var second = await api.ScheduleAsync(queue, Replace, payload: "2");

        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{first.Id}"), HttpStatusCode.NotFound, "job-not-found");
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal((2, 1, 1), await api.QueueAsync(queue) is var counts ? (counts.Totals.Created, counts.Totals.Cancelled, counts.Ready) : default);
        await AssertHeldAsync(second.Id);
        Assert.Equal(second.Id, (await api.ClaimOneAsync(queue)).Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_that_waits_for_its_next_attempt_is_replaced_too()
    {
        await api.ScheduleAsync(queue, Key);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"delayMs\":5000");

        var second = await api.ScheduleAsync(queue, Replace);

        api.Advance(5000);
        Assert.Equal([second.Id], (await api.ClaimAsync(queue, "\"limit\":9")).Select(job => job.Id));
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("a;b")]
    [InlineData("a b")]
    [InlineData(" ")]
    [InlineData("'\\\"\\\\")]
    [InlineData("t1r2uf")]
    [InlineData("~!@#$%^&*(){}[]<>|:,./?")]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567")]
    public async Task Any_printable_key_is_held_and_shown(string key)
    {
        var unique = $"\"ttlMs\":31536000000,\"retentionMs\":31536000000,\"unique\":{{\"key\":\"{key}\",\"onConflict\":\"reject\"}}";
        var first = await api.ScheduleAsync(queue, unique);
        var shown = await api.JobAsync(first.Id);
        Assert.Equal((JsonNode.Parse($"\"{key}\"")!.GetValue<string>(), 31_536_000_000L, 31_536_000_000L), (shown.Unique!.Key, shown.TtlMs, shown.RetentionMs));

        await AssertConflictAsync(await PostAsync(unique), first.Id);

        await api.ScheduleAsync(queue, $"\"unique\":{{\"key\":\"{(key.Length == 128 ? key[1..] : key + "x")}\",\"onConflict\":\"reject\"}}");
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task The_same_key_in_another_queue_and_in_another_case_is_free()
    {
        var other = Api.NewQueue();
        await api.ScheduleAsync(queue, Reject);

        await api.ScheduleAsync(other, Reject);
        await api.ScheduleAsync(queue, "\"unique\":{\"key\":\"K\",\"onConflict\":\"reject\"}");

        await api.PurgeAsync(other, "ready");
        await AssertConflictAsync(await PostAsync(Reject), (await api.ListAsync(queue, "ready")).Jobs[0].Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_without_a_key_is_kept_out_by_none()
    {
        await api.ScheduleAsync(queue, Key);

        await api.ScheduleAsync(queue);

        Assert.Equal(2, (await api.QueueAsync(queue)).Ready);
    }

    [Fact]
    public async Task A_repeated_request_gets_its_own_job_whoever_holds_the_key_by_now()
    {
        var body = $$"""{"queue":"{{queue}}","payload":1,{{Reject}}}""";
        var first = await Api.ReadAsync(await api.PostWithKeyAsync(queue, body), WireJson.Default.Job, HttpStatusCode.Created);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");
        var second = await api.ScheduleAsync(queue, Reject);

        var replayed = await api.PostWithKeyAsync(queue, body);

        Assert.Equal("true", Assert.Single(replayed.Headers.GetValues("Idempotency-Replayed")));
        Assert.Equal((first.Id, first.Unique), await Api.ReadAsync(replayed, WireJson.Default.Job, HttpStatusCode.Created) is var job ? (job.Id, job.Unique) : default);
        await AssertHeldAsync(second.Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_request_that_was_refused_for_the_key_does_not_use_up_its_idempotency_key()
    {
        var first = await api.ScheduleAsync(queue, Reject);
        var body = $$"""{"queue":"{{queue}}","payload":1,{{Reject}}}""";
        await AssertConflictAsync(await api.PostWithKeyAsync(queue, body), first.Id);
        await api.CancelAsync(first.Id);

        var made = await api.PostWithKeyAsync(queue, body);

        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.False(made.Headers.Contains("Idempotency-Replayed"));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Items_of_a_batch_keep_each_other_out()
    {
        string[] items = [Key, Key, Reject, Replace, Key, "\"priority\":9", Started];
        var batch = string.Join(',', items.Select((item, i) => $$"""{"queue":"{{queue}}","payload":{{i}},{{item}}}"""));

        var results = (await Api.ReadAsync(await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{batch}}]}"""), WireJson.Default.ScheduleJobsResponse)).Results;

        Assert.Equal([201, 200, 409, 201, 200, 201, 409], results.Select(result => result.Status));
        Assert.Equal((results[0].Job!.Id, null), (results[1].JobId, results[1].Job));
        Assert.Equal((results[0].Job!.Id, results[3].Job!.Id), (results[2].Problem!.JobId, results[6].Problem!.JobId));
        Assert.Equal(results[3].Job!.Id, results[4].JobId);
        var counts = await api.QueueAsync(queue);
        Assert.Equal((3, 1, 2), (counts.Totals.Created, counts.Totals.Cancelled, counts.Ready));
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{results[0].Job!.Id}")).StatusCode);
        await AssertHeldAsync(results[3].Job!.Id);
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : UniqueConflictTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : UniqueConflictTests(api), IClassFixture<RedisApi>;
}
