using System.Net;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Leases;

public abstract class FollowUpsTests(Api api)
{
    private readonly string queue = Api.NewQueue();
    private readonly string next = Api.NewQueue();

    [Fact]
    public async Task Follow_ups_are_made_with_the_ack_and_answered_in_order()
    {
        await api.SetQueueAsync(next, "\"maxAttempts\":3");
        var job = await LeasedAsync();

        var then = await ChainAsync(job, Item("\"delayMs\":500,\"priority\":7,\"metadata\":{\"k\":\"v\"}", payload: "{\"a\": 1.0}"), Item("\"maxAttempts\":5"));

        var (first, second) = (await api.JobAsync(then[0]), await api.JobAsync(then[1]));
        Assert.Equal((JobState.Scheduled, 7, 3, api.Clock.GetUtcNow().AddMilliseconds(500), "v"), (first.State, first.Priority, first.MaxAttempts, first.RunAt, first.Metadata!["k"]));
        Assert.Equal("{\"a\": 1.0}", Encoding.UTF8.GetString(first.Payload.Utf8.Span));
        Assert.Equal((JobState.Ready, 5), (second.State, second.MaxAttempts));
        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{job.Id}"), HttpStatusCode.NotFound, "job-not-found");
        Assert.Equal((1, 2), ((await api.QueueAsync(queue)).Totals.Acked, (await api.QueueAsync(next)).Totals.Created));
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"retentionMs\":3600000")]
    public async Task A_repeated_ack_gets_the_same_ids_and_makes_nothing_twice(string fields)
    {
        var job = await LeasedAsync(fields);
        var first = await ChainAsync(job, Item(), Item());
        await api.SettleAsync(await api.ClaimOneAsync(next), "ack");
        api.Advance(59_000);

        Assert.Equal(first, await ChainAsync(job, Item(), Item()));
        Assert.Equal(2, (await api.QueueAsync(next)).Totals.Created);
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Acked);
    }

    [Fact]
    public async Task Acks_of_one_lease_that_race_make_the_follow_ups_once()
    {
        var job = await LeasedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => ChainAsync(job, Item(), Item())));

        Assert.All(answers, then => Assert.Equal(answers[0], then));
        Assert.Equal(2, (await api.QueueAsync(next)).Totals.Created);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task An_ack_of_many_has_follow_ups_of_its_own_and_is_refused_by_itself()
    {
        var (one, two, three) = (await LeasedAsync(), await LeasedAsync(), await LeasedAsync());

        var results = await SettleAsync(Ack(one, Item(), Item()), Ack(two), Ack(three, Item(), Item("\"priority\":10")));

        Assert.Equal([200, 204, 400], results.Select(result => result.Status));
        Assert.Equal(results[0].Then, (await api.ListAsync(next, "ready")).Jobs.Select(job => job.Id));
        Assert.Equal("then[1].priority", Assert.Single(results[2].Problem!.Errors!).Key);
        Assert.Equal(JobState.Leased, (await api.JobAsync(three.Id)).State);
        Assert.Equal([200, 204], (await SettleAsync(Ack(one, Item(), Item()), Ack(two))).Select(result => result.Status));
        Assert.Equal(2, (await api.QueueAsync(next)).Totals.Created);
    }

    [Fact]
    public async Task A_follow_up_whose_idempotency_key_is_known_is_the_job_that_is_there()
    {
        var item = Item($"\"idempotencyKey\":\"{next}\"");
        var made = await Api.ReadAsync(await api.PostAsync("/jobs", item), WireJson.Default.Job, HttpStatusCode.Created);

        var then = await ChainAsync(await LeasedAsync(), item, Item());
        var again = await ChainAsync(await LeasedAsync(), item);

        Assert.Equal((made.Id, made.Id), (then[0], again[0]));
        Assert.Equal(2, (await api.QueueAsync(next)).Totals.Created);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_follow_up_leaves_its_idempotency_key_to_later_requests()
    {
        var item = Item($"\"idempotencyKey\":\"{next}\"");
        var then = await ChainAsync(await LeasedAsync(), item);

        var replayed = await api.PostAsync("/jobs", item);

        Assert.Equal(then[0], (await Api.ReadAsync(replayed, WireJson.Default.Job, HttpStatusCode.Created)).Id);
        Assert.Equal(["true"], replayed.Headers.GetValues("Idempotency-Replayed"));
    }

    [Fact]
    public async Task A_follow_up_whose_unique_key_another_job_holds_is_that_job_or_takes_its_place()
    {
        var holder = await api.ScheduleAsync(next, "\"unique\":{\"key\":\"k\"},\"delayMs\":60000");

        var returned = await ChainAsync(await LeasedAsync(), Item("\"unique\":{\"key\":\"k\"}"));
        var replaced = await ChainAsync(await LeasedAsync(), Item("\"unique\":{\"key\":\"k\",\"onConflict\":\"replace\"}"));

        Assert.Equal(holder.Id, Assert.Single(returned));
        Assert.NotEqual(holder.Id, Assert.Single(replaced));
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{holder.Id}")).StatusCode);
        Assert.Equal((2, 1), ((await api.QueueAsync(next)).Totals.Created, (await api.QueueAsync(next)).Totals.Cancelled));
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("return", "")]
    [InlineData("reject", "")]
    [InlineData("replace", "")]
    [InlineData("reject", "\"retentionMs\":60000,")]
    public async Task A_job_hands_its_unique_key_on_to_its_follow_up(string onConflict, string fields)
    {
        var unique = $$"""{{fields}}"unique":{"key":"k","onConflict":"{{onConflict}}"}""";
        var job = await LeasedAsync(unique);

        var then = Assert.Single(await ChainAsync(job, Item(unique, queue)));

        Assert.NotEqual(job.Id, then);
        Assert.Equal(then, (await api.ClaimOneAsync(queue)).Id);
        var conflict = await api.PostAsync("/jobs", Item("\"unique\":{\"key\":\"k\",\"onConflict\":\"reject\"}", queue));
        await Api.AssertProblemAsync(conflict, HttpStatusCode.Conflict, "unique-conflict");
        Assert.Contains(then, await conflict.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal((2, 1, 0), (await api.QueueAsync(queue)).Totals is var totals ? (totals.Created, totals.Acked, totals.Cancelled) : default);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Follow_ups_wake_claims_that_wait_for_their_queues()
    {
        var job = await LeasedAsync();
        var third = Api.NewQueue();
        var (waiting, other) = (await api.WaitAsync(next), await api.WaitAsync(third));

        var then = await ChainAsync(job, Item(), Item(into: third));

        Assert.Equal(then, [Assert.Single(await waiting).Id, Assert.Single(await other).Id]);
    }

    [Fact]
    public async Task Twenty_follow_ups_are_made_in_order_each_in_its_queue()
    {
        var queues = Enumerable.Range(0, 20).Select(_ => Api.NewQueue()).ToArray();

        var then = await ChainAsync(await LeasedAsync(), [.. queues.Select(name => Item(into: name))]);

        Assert.Equal(20, then.Distinct().Count());
        Assert.Equal(queues, (await Task.WhenAll(then.Select(api.JobAsync))).Select(job => job.Queue));
        Assert.Equal(then.Order(StringComparer.Ordinal), then);
    }

    [Fact]
    public async Task Many_jobs_that_are_acked_at_the_same_time_each_have_their_follow_ups()
    {
        await api.BatchAsync(queue, 200);
        var jobs = (await api.ClaimAsync(queue, "\"limit\":100")).Concat(await api.ClaimAsync(queue, "\"limit\":100")).ToArray();

        var settled = SettleAsync([.. jobs.Take(100).Select(job => Ack(job, Item(), Item("\"delayMs\":1000")))]);
        var acked = await Task.WhenAll(jobs.Skip(100).Select(job => ChainAsync(job, Item(), Item("\"delayMs\":1000"))));

        var then = acked.Concat((await settled).Select(result => result.Then!)).ToArray();
        Assert.All(then, ids => Assert.Equal(2, ids.Count));
        Assert.Equal(400, then.SelectMany(ids => ids).Distinct().Count());
        var counts = await api.QueueAsync(next);
        Assert.Equal((200, 200, 400), (counts.Ready, counts.Scheduled, counts.Totals.Created));
        Assert.Equal(200, (await api.QueueAsync(queue)).Totals.Acked);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_result_is_kept_together_with_the_follow_ups()
    {
        var job = await LeasedAsync("\"retentionMs\":60000");

        var answer = await api.SettleAsync(job, "ack", $$"""
            "result":{"n": 1},"then":[{{Item()}}]
            """);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var kept = await api.JobAsync(job.Id);
        Assert.Equal((JobState.Completed, "{\"n\": 1}"), (kept.State, Encoding.UTF8.GetString(kept.Result!.Value.Utf8.Span)));
    }

    private Task<ClaimJobs.ClaimedJob> LeasedAsync(string fields = "") => api.LeasedAsync(queue, fields);

    private string Item(string fields = "", string? into = null, string payload = "1") =>
        $$"""{"queue":"{{into ?? next}}","payload":{{payload}}{{(fields.Length > 0 ? "," + fields : "")}}}""";

    private async Task<IReadOnlyList<string>> ChainAsync(ClaimJobs.ClaimedJob job, params string[] then) =>
        (await Api.ReadAsync(await api.SettleAsync(job, "ack", $"\"then\":[{string.Join(',', then)}]"), WireJson.Default.AckJobResponse)).Then;

    private static string Ack(ClaimJobs.ClaimedJob job, params string[] then) =>
        $$"""{"id":"{{job.Id}}","leaseToken":"{{job.Lease.Token}}"{{(then.Length > 0 ? $",\"then\":[{string.Join(',', then)}]" : "")}}}""";

    private async Task<IReadOnlyList<SettleJobs.Result>> SettleAsync(params string[] acks) =>
        (await Api.ReadAsync(await api.PostAsync("/jobs/settle", $$"""{"acks":[{{string.Join(',', acks)}}]}"""), WireJson.Default.SettleJobsResponse)).Results;

    public sealed class OnEmbedded(EmbeddedApi api) : FollowUpsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : FollowUpsTests(api), IClassFixture<RedisApi>;
}
