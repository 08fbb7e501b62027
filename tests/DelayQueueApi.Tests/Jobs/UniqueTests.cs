using System.Net;
using System.Text.Json.Nodes;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class UniqueTests(Api api)
{
    private const string Key = "\"unique\":{\"key\":\"k\"}";
    private const string Reject = "\"unique\":{\"key\":\"k\",\"onConflict\":\"reject\"}";
    private const string Replace = "\"unique\":{\"key\":\"k\",\"onConflict\":\"replace\"}";
    private const string Started = "\"unique\":{\"key\":\"k\",\"until\":\"started\",\"onConflict\":\"reject\"}";

    private readonly string queue = Api.NewQueue();

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
    [InlineData("acked")]
    [InlineData("acked and kept")]
    [InlineData("cancelled")]
    [InlineData("cancelled while leased, then released")]
    [InlineData("cancelled while leased, then the lease ends")]
    [InlineData("cancelled while leased, then the lease ends and is reaped")]
    [InlineData("dead")]
    [InlineData("declared dead")]
    [InlineData("expired")]
    [InlineData("expired and reaped")]
    [InlineData("expired and kept")]
    [InlineData("purged")]
    [InlineData("queue deleted")]
    [InlineData("the last lease ends")]
    [InlineData("the last lease ends and is reaped")]
    public async Task The_key_is_free_once_its_job_is(string how)
    {
        var kept = how.Contains("kept", StringComparison.Ordinal) ? ",\"retentionMs\":60000" : "";
        var attempts = how.StartsWith("the last", StringComparison.Ordinal) || how == "dead" ? ",\"maxAttempts\":1" : "";
        var ttl = how.StartsWith("expired", StringComparison.Ordinal) ? ",\"ttlMs\":1000" : "";
        var first = await api.ScheduleAsync(queue, Key + kept + attempts + ttl);
        var claimed = how is "cancelled" or "purged" or "queue deleted" || ttl.Length > 0 ? null : await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        await AssertHeldAsync(first.Id);

        switch (how.Split(' ')[0])
        {
            case "acked":
                await api.SettleAsync(claimed!, "ack");
                break;
            case "cancelled":
                await api.CancelAsync(first.Id);
                break;
            case "dead":
                await api.SettleAsync(claimed!, "nack");
                break;
            case "declared":
                await api.SettleAsync(claimed!, "nack", "\"dead\":true");
                break;
            case "purged":
                await api.PurgeAsync(queue, "ready");
                break;
            case "queue":
                await api.Client.DeleteAsync(new Uri($"/queues/{queue}?force=true", UriKind.Relative));
                break;
        }

        if (how.StartsWith("cancelled while", StringComparison.Ordinal))
        {
            await AssertHeldAsync(first.Id);
        }

        if (how.EndsWith("released", StringComparison.Ordinal))
        {
            await api.SettleAsync(claimed!, "release");
        }
        else if (how.Contains("ends", StringComparison.Ordinal) || ttl.Length > 0)
        {
            api.Advance(1000);
        }

        if (how.Contains("reaped", StringComparison.Ordinal) || kept.Length > 0)
        {
            await api.ReapAsync();
        }

        var second = await api.ScheduleAsync(queue, Reject);

        Assert.NotEqual(first.Id, second.Id);
        await AssertHeldAsync(second.Id);
        Assert.Equal([second.Id], (await api.ClaimAsync(queue, "\"limit\":9")).Select(job => job.Id));
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("nack", "\"delayMs\":0")]
    [InlineData("nack", "\"delayMs\":5000")]
    [InlineData("release")]
    [InlineData("extend", "\"leaseMs\":5000")]
    [InlineData(null)]
    public async Task The_key_stays_with_a_job_that_has_attempts_left(string? call, string fields = "")
    {
        var first = await api.ScheduleAsync(queue, Key);
        var claimed = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");

        if (call is not null)
        {
            await api.SettleAsync(claimed, call, fields);
        }
        else
        {
            api.Advance(1000);
        }

        await AssertHeldAsync(first.Id);
        await api.ReapAsync();
        await AssertHeldAsync(first.Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_key_until_started_is_free_from_the_first_claim_on()
    {
        var first = await api.ScheduleAsync(queue, Started);
        Assert.Equal(UniqueUntil.Started, (await api.JobAsync(first.Id)).Unique!.Until);
        await AssertHeldAsync(first.Id);
        var claimed = await api.ClaimOneAsync(queue);

        var second = await api.ScheduleAsync(queue, Started);
        await api.SettleAsync(claimed, "release");

        await AssertHeldAsync(second.Id);
        await api.AssertSoundAsync();
        Assert.Equal(2, (await api.ClaimAsync(queue, "\"limit\":9")).Count);
        await api.ScheduleAsync(queue, Started);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_key_until_started_is_held_by_one_job_that_replaces_another()
    {
        await api.ScheduleAsync(queue, Started);

        var second = await api.ScheduleAsync(queue, Replace);

        await api.ClaimOneAsync(queue);
        await AssertHeldAsync(second.Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_redriven_job_holds_its_key_again()
    {
        var first = await api.ScheduleAsync(queue, Key);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");

        Assert.Equal(1, await api.RedriveAsync(queue));

        await AssertHeldAsync(first.Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_dead_job_stays_dead_while_another_holds_its_key()
    {
        var first = await api.ScheduleAsync(queue, Key);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");
        var second = await api.ScheduleAsync(queue, Key);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");
        var third = await api.ScheduleAsync(queue, Key);
        var plain = (await api.DeadAsync(queue))[0];

        var blocked = await Api.ReadAsync(await api.PostAsync($"/queues/{queue}/redrive"), WireJson.Default.RedriveJobsResponse);
        Assert.Equal((3, 1), (blocked.Matched, blocked.Redriven));
        Assert.Equal([first.Id, second.Id], (await api.ListAsync(queue, "dead")).Jobs.Select(job => job.Id));
        await api.AssertSoundAsync();
        await api.CancelAsync(third.Id);

        // One of the two takes the key, and so the other has to wait.
        var free = await Api.ReadAsync(
            await api.PostAsync($"/queues/{queue}/redrive", $$"""{"ids":["{{second.Id}}","{{first.Id}}"]}"""), WireJson.Default.RedriveJobsResponse);

        Assert.Equal((2, 1), (free.Matched, free.Redriven));
        Assert.Equal((JobState.Dead, JobState.Ready, JobState.Ready), (await StateAsync(first.Id), await StateAsync(second.Id), await StateAsync(plain)));
        await AssertHeldAsync(second.Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_redrive_at_a_rate_passes_over_a_job_whose_key_another_holds()
    {
        var first = await api.ScheduleAsync(queue, Key);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");
        var second = await api.ScheduleAsync(queue, Key);
        var plain = (await api.DeadAsync(queue))[0];

        await api.PostAsync($"/queues/{queue}/redrive", "{\"ratePerSecond\":10}");
        for (var i = 0; i < 10; i++)
        {
            await api.ReapAsync();
            api.Advance(100);
        }

        Assert.Equal((JobState.Dead, JobState.Ready), (await StateAsync(first.Id), await StateAsync(plain)));
        await AssertHeldAsync(second.Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_whose_key_ends_with_its_start_is_redriven_beside_another_of_that_key()
    {
        await api.ScheduleAsync(queue, Started);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");
        var second = await api.ScheduleAsync(queue, Started);

        Assert.Equal(1, await api.RedriveAsync(queue));

        await AssertHeldAsync(second.Id);
        Assert.Equal(2, (await api.QueueAsync(queue)).Ready);
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
        Assert.Equal(results[0].Job!.Id, results[1].Job!.Id);
        Assert.Equal("0", System.Text.Encoding.UTF8.GetString(results[1].Job!.Payload.Utf8.Span));
        Assert.Equal((results[0].Job!.Id, results[3].Job!.Id), (results[2].Problem!.JobId, results[6].Problem!.JobId));
        Assert.Equal(results[3].Job!.Id, results[4].Job!.Id);
        var counts = await api.QueueAsync(queue);
        Assert.Equal((3, 1, 2), (counts.Totals.Created, counts.Totals.Cancelled, counts.Ready));
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{results[0].Job!.Id}")).StatusCode);
        await AssertHeldAsync(results[3].Job!.Id);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("return", HttpStatusCode.OK)]
    [InlineData("reject", HttpStatusCode.Conflict)]
    public async Task Sixty_four_requests_at_the_same_time_make_one_job(string onConflict, HttpStatusCode others)
    {
        using var other = api.AnotherInstance();
        var body = $$"""{"queue":"{{queue}}","payload":1,"unique":{"key":"k","onConflict":"{{onConflict}}"} }""";

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => (i % 2 == 0 ? api.Client : other)
            .PostAsync(new Uri("/jobs", UriKind.Relative), Api.Content(System.Text.Encoding.UTF8.GetBytes(body), "application/json"))));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(63, answers.Count(answer => answer.StatusCode == others));
        Assert.Equal((1, 1), await api.QueueAsync(queue) is var counts ? (counts.Totals.Created, counts.Ready) : default);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Sixty_four_replacements_at_the_same_time_leave_one_job()
    {
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => PostAsync(Replace)));

        Assert.Equal((64, 63, 1), await api.QueueAsync(queue) is var counts ? (counts.Totals.Created, counts.Totals.Cancelled, counts.Ready) : default);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task However_claims_and_requests_race_one_job_of_a_key_lives()
    {
        await Task.WhenAll(Enumerable.Range(0, 96).Select(async i =>
        {
            if (i % 3 == 0)
            {
                foreach (var claimed in await api.ClaimAsync(queue))
                {
                    await api.SettleAsync(claimed, i % 2 == 0 ? "ack" : "nack", i % 2 == 0 ? "" : "\"dead\":true");
                }
            }
            else
            {
                await PostAsync(i % 3 == 1 ? Key : Replace);
            }
        }));

        var counts = await api.QueueAsync(queue);
        Assert.InRange(counts.Ready + counts.Leased, 0, 1);
        await api.RedriveAsync(queue);
        counts = await api.QueueAsync(queue);
        Assert.Equal(counts.Totals.Died > 0 || counts.Ready > 0 ? 1 : 0, counts.Ready);
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_change_keeps_the_key()
    {
        var job = await api.ScheduleAsync(queue, Key + ",\"ttlMs\":60000");

        var changed = await Api.ReadAsync(
            await api.PatchAsync(job.Id, "{\"payload\":2,\"ttlMs\":9000,\"retentionMs\":1,\"metadata\":{\"a\":\"b\"},\"delayMs\":5}"), WireJson.Default.Job);

        Assert.Equal(new JobUnique("k", UniqueUntil.Finished), changed.Unique);
        await AssertHeldAsync(job.Id);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("without a key")]
    [InlineData("dead")]
    [InlineData("of another queue")]
    public async Task A_stale_lock_keeps_nobody_out(string how)
    {
        var other = Api.NewQueue();
        var holder = how switch
        {
            "gone" => "0-01M83VNRT5000009VMC8KNBCNQ",
            "without a key" => (await api.ScheduleAsync(queue, "\"delayMs\":60000")).Id,
            "dead" => (await api.DeadAsync(queue))[0],
            _ => (await api.ScheduleAsync(other, Key)).Id,
        };
        if (how == "of another queue")
        {
            await api.ClaimOneAsync(other, "\"leaseMs\":1000");
            api.Advance(1000);
        }

        var database = await api.Service<StoreConnection>().DatabaseAsync();
        await database.HashSetAsync(api.Service<PartitionKeys>().Unique, $"default/{queue} k", holder[2..]);

        var job = await api.ScheduleAsync(queue, Reject);

        await AssertHeldAsync(job.Id);
        await api.AssertSoundAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await api.CancelAsync(job.Id)).StatusCode);
        await api.ScheduleAsync(queue, Reject);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Follow_ups_of_one_ack_cannot_share_a_key_whether_or_not_they_name_the_default_queue()
    {
        await api.ScheduleAsync(queue);
        var claimed = await api.ClaimOneAsync(queue);

        await Api.AssertInvalidAsync(
            await api.SettleAsync(claimed, "ack", $$"""
                "then":[{"payload":1,"unique":{"key":"{{queue}}"} },{"payload":2,"queue":"default","unique":{"key":"{{queue}}"} }]
                """),
            "then[1].unique");

        Assert.Equal(JobState.Leased, await StateAsync(claimed.Id));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_follow_up_takes_over_the_key_of_the_job_that_is_acked()
    {
        await api.ScheduleAsync(queue, Key + ",\"retentionMs\":60000");
        var claimed = await api.ClaimOneAsync(queue);

        var answer = await api.SettleAsync(claimed, "ack", $$"""
            "then":[{"payload":1,"queue":"{{queue}}",{{Reject}}}]
            """);

        await AssertHeldAsync(Assert.Single((await Api.ReadAsync(answer, WireJson.Default.AckJobResponse)).Then));
        await api.AssertSoundAsync();
    }

    private Task<HttpResponseMessage> PostAsync(string fields) => api.PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1,{{fields}}}""");

    private async Task<JobState> StateAsync(string id) => (await api.JobAsync(id)).State;

    private async Task AssertHeldAsync(string id) => await AssertConflictAsync(await PostAsync(Reject), id);

    private static async Task AssertConflictAsync(HttpResponseMessage answer, string holder)
    {
        await Api.AssertProblemAsync(answer, HttpStatusCode.Conflict, "unique-conflict");
        Assert.Equal(holder, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["jobId"]!.GetValue<string>());
    }

    public sealed class OnEmbedded(EmbeddedApi api) : UniqueTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : UniqueTests(api), IClassFixture<RedisApi>;
}
