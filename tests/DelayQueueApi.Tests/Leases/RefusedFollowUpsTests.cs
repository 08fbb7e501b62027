using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Leases;

/// <summary>Follow-ups and their ack happen together or not at all.</summary>
public abstract class RefusedFollowUpsTests(Api api)
{
    private readonly string queue = Api.NewQueue();
    private readonly string next = Api.NewQueue();

    [Fact]
    public async Task A_lease_that_is_lost_makes_nothing()
    {
        await api.ScheduleAsync(queue);
        var old = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);

        await Api.AssertProblemAsync(await AckAsync(old, Item()), HttpStatusCode.Conflict, "lease-lost");
        var current = await api.ClaimOneAsync(queue);
        await Api.AssertProblemAsync(await AckAsync(old, Item()), HttpStatusCode.Conflict, "lease-lost");

        await AssertNothingMadeAsync(current);
    }

    [Fact]
    public async Task A_cancelled_job_makes_nothing()
    {
        var job = await LeasedAsync();
        await api.CancelAsync(job.Id);

        await Api.AssertProblemAsync(await AckAsync(job, Item()), HttpStatusCode.Conflict, "job-cancelled");
        await Api.AssertProblemAsync(await AckAsync(job, Item()), HttpStatusCode.Conflict, "job-cancelled");

        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/queues/{next}")).StatusCode);
        Assert.Equal((0, 1), ((await api.QueueAsync(queue)).Totals.Acked, (await api.QueueAsync(queue)).Totals.Cancelled));
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("\"priority\":10", "then[1].priority")]
    [InlineData("\"delayMs\":\"5\"", "then[1].delayMs")]
    [InlineData("\"delayMs\":5,\"runAt\":\"2030-01-01T00:00:00Z\"", "then[1].delayMs")]
    [InlineData("\"unique\":{\"key\":\"\"}", "then[1].unique.key")]
    [InlineData("\"then\":[]", "then[1].then")]
    [InlineData("\"idempotencyKey\":\"\"", "then[1].idempotencyKey")]
    [InlineData("\"idempotencyRetentionMs\":86400001,\"idempotencyKey\":\"k\"", "then[1].idempotencyRetentionMs")]
    [InlineData("\"idempotencyRetentionMs\":5000", "then[1].idempotencyRetentionMs")]
    public async Task One_follow_up_that_is_not_valid_is_named_and_none_is_made(string fields, string field)
    {
        var job = await LeasedAsync();

        await Api.AssertInvalidAsync(await AckAsync(job, Item(), Item(fields)), field);

        await AssertNothingMadeAsync(job);
    }

    [Theory]
    [InlineData("7", "then[1]")]
    [InlineData("null", "then[1]")]
    [InlineData("{\"queue\":\"UPPER\",\"payload\":1}", "then[1].queue")]
    [InlineData("{\"queue\":\"a\"}", "then[1].payload")]
    public async Task What_is_no_job_is_named_and_no_follow_up_is_made(string item, string field)
    {
        var job = await LeasedAsync();

        await Api.AssertInvalidAsync(await AckAsync(job, Item(), item), field);

        await AssertNothingMadeAsync(job);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(21)]
    public async Task An_ack_has_one_to_twenty_follow_ups(int count)
    {
        var job = await LeasedAsync();

        await Api.AssertInvalidAsync(await AckAsync(job, [.. Enumerable.Repeat(Item(), count)]), "then");

        await AssertNothingMadeAsync(job);
    }

    [Fact]
    public async Task Two_follow_ups_cannot_have_one_idempotency_key_or_one_unique_key()
    {
        var job = await LeasedAsync();
        var (key, unique) = (Item("\"idempotencyKey\":\"k\""), Item("\"unique\":{\"key\":\"k\"}"));

        await Api.AssertInvalidAsync(await AckAsync(job, key, key), "then[1].idempotencyKey");
        await Api.AssertInvalidAsync(await AckAsync(job, unique, Item(), unique), "then[2].unique");
        await AssertNothingMadeAsync(job);

        Assert.Equal(HttpStatusCode.OK, (await AckAsync(job, unique, Item("\"unique\":{\"key\":\"k\"}", Api.NewQueue()))).StatusCode);
    }

    [Fact]
    public async Task The_default_queue_is_one_queue_whether_it_is_named_or_not()
    {
        var job = await LeasedAsync();
        var unique = $"\"delayMs\":3600000,\"unique\":{{\"key\":\"{next}\"}}";

        await Api.AssertInvalidAsync(await AckAsync(job, $"{{\"payload\":1,{unique}}}", Item(unique, "default")), "then[1].unique");

        await AssertNothingMadeAsync(job);
    }

    [Fact]
    public async Task An_idempotency_key_of_another_body_refuses_the_ack()
    {
        var key = $"\"idempotencyKey\":\"{queue}\"";
        await api.ScheduleAsync(queue, key + ",\"delayMs\":5000");
        var job = await LeasedAsync();

        await AssertRefusedAsync(await AckAsync(job, Item(), Item(key)), HttpStatusCode.UnprocessableEntity, "idempotency-key-reused", 1);

        await AssertNothingMadeAsync(job);
    }

    [Fact]
    public async Task A_unique_key_that_another_job_holds_refuses_the_ack()
    {
        var unique = "\"unique\":{\"key\":\"k\",\"onConflict\":\"reject\"}";
        var holder = await api.ScheduleAsync(queue, unique + ",\"delayMs\":5000");
        var job = await LeasedAsync();

        var answer = await AckAsync(job, Item(), Item(), Item(unique, queue));

        await AssertRefusedAsync(answer, HttpStatusCode.Conflict, "unique-conflict", 2);
        Assert.Contains($"\"jobId\":\"{holder.Id}\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await AssertNothingMadeAsync(job);
    }

    [Fact]
    public async Task A_full_queue_refuses_the_ack()
    {
        var full = Api.NewQueue();
        await api.SetQueueAsync(full, "\"maxLength\":2");
        await api.ScheduleAsync(full);
        var job = await LeasedAsync();

        var answer = await AckAsync(job, Item(into: full), Item(), Item(into: full));

        await AssertRefusedAsync(answer, HttpStatusCode.TooManyRequests, "queue-full", 2);
        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter?.Delta);
        Assert.Equal(1, (await api.QueueAsync(full)).Ready);
        await AssertNothingMadeAsync(job);
    }

    [Fact]
    public async Task A_refused_ack_leaves_keys_free_and_may_be_sent_again()
    {
        var holder = await api.ScheduleAsync(next, "\"unique\":{\"key\":\"taken\"}");
        var job = await LeasedAsync();
        var free = $$"""{{Key("free")}},"idempotencyKey":"{{next}}" """;
        await AckAsync(job, Item(free), Item(Key("taken")));

        Assert.Equal(HttpStatusCode.Created, (await api.PostAsync("/jobs", Item(Key("free")))).StatusCode);
        await api.PurgeAsync(next, "ready");
        var answer = await Api.ReadAsync(await AckAsync(job, Item(free), Item(Key("taken"))), WireJson.Default.AckJobResponse);

        Assert.DoesNotContain(holder.Id, answer.Then);
        Assert.Equal(answer.Then, (await api.ListAsync(next, "ready")).Jobs.Select(made => made.Id));
        await api.AssertSoundAsync();
        static string Key(string key) => $$"""
            "unique":{"key":"{{key}}","onConflict":"reject"}
            """;
    }

    private Task<ClaimJobs.ClaimedJob> LeasedAsync() => api.LeasedAsync(queue);

    private string Item(string fields = "", string? into = null) =>
        $$"""{"queue":"{{into ?? next}}","payload":1{{(fields.Length > 0 ? "," + fields : "")}}}""";

    private Task<HttpResponseMessage> AckAsync(ClaimJobs.ClaimedJob job, params string[] then) =>
        api.SettleAsync(job, "ack", $"\"then\":[{string.Join(',', then)}]");

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, HttpStatusCode status, string type, int item)
    {
        await Api.AssertProblemAsync(answer, status, type);
        Assert.Contains($"\"detail\":\"then[{item}]: ", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task AssertNothingMadeAsync(ClaimJobs.ClaimedJob job)
    {
        Assert.Equal((JobState.Leased, job.Lease.Fence), await api.JobAsync(job.Id) is var read ? (read.State, read.Lease!.Fence) : default);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/queues/{next}")).StatusCode);
        Assert.Equal(0, (await api.QueueAsync(queue)).Totals.Acked);
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : RefusedFollowUpsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : RefusedFollowUpsTests(api), IClassFixture<RedisApi>;
}
