using System.Net;
using System.Text;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class ScheduleJobTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task A_job_is_ready_at_once_where_no_time_is_given()
    {
        var job = await api.ScheduleAsync(queue);

        Assert.Equal((JobState.Ready, api.Clock.GetUtcNow(), api.Clock.GetUtcNow()), (job.State, job.RunAt, job.EnqueuedAt));
        Assert.Equal(job.Id, (await api.ClaimOneAsync(queue)).Id);
    }

    [Theory]
    [InlineData("\"delayMs\":1")]
    [InlineData("\"runAt\":\"2999-12-31T23:59:59.001+01:00\"")]
    [InlineData("\"runAt\":\"9999-12-31T23:59:59.999Z\"")]
    [InlineData("\"delayMs\":250000000000000")]
    public async Task A_job_is_never_claimed_before_its_run_at(string when)
    {
        var job = await api.ScheduleAsync(queue, when);

        Assert.Equal(JobState.Scheduled, job.State);
        Assert.Equal(JobState.Scheduled, (await api.JobAsync(job.Id)).State);
        Assert.Empty(await api.ClaimAsync(queue));
    }

    [Fact]
    public async Task A_job_is_claimed_from_the_millisecond_of_its_run_at_on()
    {
        var job = await api.ScheduleAsync(queue, "\"delayMs\":1000");

        api.Advance(999);
        Assert.Empty(await api.ClaimAsync(queue));
        api.Advance(1);

        var claimed = await api.ClaimOneAsync(queue);
        Assert.Equal((job.Id, 0L), (claimed.Id, claimed.LateMs));
    }

    [Fact]
    public async Task Parts_of_a_millisecond_round_up_so_that_nothing_is_early()
    {
        var job = await api.ScheduleAsync(queue, "\"runAt\":\"2999-01-01T00:00:00.0001Z\"");

        Assert.Equal(new DateTimeOffset(2999, 1, 1, 0, 0, 0, 1, TimeSpan.Zero), job.RunAt);
    }

    [Fact]
    public async Task A_run_at_in_the_past_means_now()
    {
        var job = await api.ScheduleAsync(queue, "\"runAt\":\"1969-07-20T20:17:40Z\"");

        Assert.Equal(api.Clock.GetUtcNow(), job.RunAt);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{\"a\": [1, 2.50e+3,  \"\\u00e9\\ud83d\\ude00\"],\n\"a\":12345678901234567890123}")]
    [InlineData("\"\"")]
    [InlineData("[ ]")]
    public async Task A_payload_is_kept_byte_for_byte(string payload)
    {
        var job = await api.ScheduleAsync(queue, payload: payload);

        var claimed = await api.ClaimOneAsync(queue);

        Assert.Equal(payload, Encoding.UTF8.GetString(claimed.Payload.Utf8.Span));
        Assert.Equal(payload, Encoding.UTF8.GetString((await api.JobAsync(job.Id)).Payload.Utf8.Span));
    }

    [Fact]
    public async Task Everything_that_was_sent_comes_back()
    {
        var sent = await api.ScheduleAsync(queue,
            """
            "priority":7,"maxAttempts":3,"leaseMs":5000,"metadata":{"tenant":"blå"},
            "backoff":{"type":"exponential","delayMs":10,"factor":1.5,"maxDelayMs":100,"jitter":"full"}
            """);

        var read = await api.JobAsync(sent.Id);

        Assert.Equal((7, 3, 5000L, "blå"), (read.Priority, read.MaxAttempts, read.LeaseMs!.Value, read.Metadata!["tenant"]));
        Assert.Equal(new Backoff(BackoffType.Exponential, 10, 1.5, 100, Jitter: Jitter.Full), read.Backoff);
        Assert.Equal(sent.Backoff, read.Backoff);
    }

    [Fact]
    public async Task Ids_rise_even_while_the_clock_stands_still()
    {
        var ids = new List<string>();
        for (var i = 0; i < 40; i++)
        {
            ids.Add((await api.ScheduleAsync(queue)).Id);
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.Equal(40, ids.Distinct().Count());
    }

    [Fact]
    public async Task One_idempotency_key_makes_one_job_and_one_answer()
    {
        var first = await api.PostWithKeyAsync("key " + queue, "{\"queue\":\"" + queue + "\",\"payload\":1,\"delayMs\":5}");
        api.Advance(1000);

        var second = await api.PostWithKeyAsync("key " + queue, "{\"queue\":\"" + queue + "\",\"payload\":1,\"delayMs\":5}");

        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(["true"], second.Headers.GetValues("Idempotency-Replayed"));
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Created);
    }

    [Fact]
    public async Task Parallel_requests_under_one_key_make_one_job()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => api.PostWithKeyAsync(queue, "{\"queue\":\"" + queue + "\",\"payload\":1}")));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.StatusCode));
        Assert.Single(answers.Select(answer => answer.Headers.Location).Distinct());
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Created);
    }

    [Fact]
    public async Task A_key_with_another_body_is_refused_and_nothing_is_stored()
    {
        await api.PostWithKeyAsync(queue, "{\"queue\":\"" + queue + "\",\"payload\":1}");

        var other = await api.PostWithKeyAsync(queue, "{\"queue\":\"" + queue + "\",\"payload\":2}");

        await Api.AssertProblemAsync(other, HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Created);
    }

    [Fact]
    public async Task A_key_is_known_for_a_day_and_forgotten_after_two()
    {
        var first = await api.PostWithKeyAsync(queue, "{\"queue\":\"" + queue + "\",\"payload\":1}");
        api.Advance(86_399_999);
        var within = await api.PostWithKeyAsync(queue, "{\"queue\":\"" + queue + "\",\"payload\":1}");
        api.Advance(2 * 86_400_000);
        var after = await api.PostWithKeyAsync(queue, "{\"queue\":\"" + queue + "\",\"payload\":1}");

        Assert.Equal(first.Headers.Location, within.Headers.Location);
        Assert.NotEqual(first.Headers.Location, after.Headers.Location);
    }

    [Fact]
    public async Task Keys_remembered_with_periods_of_another_length_are_dropped()
    {
        await api.PostWithKeyAsync(queue, "{\"queue\":\"" + queue + "\",\"payload\":1}");
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        foreach (var generation in api.Service<Partitions>().First.Idempotency)
        {
            // A shorter period has a larger number.
            await database.HashSetAsync(generation, "", 1_000_000_000);
        }

        await api.PostWithKeyAsync("new " + queue, "{\"queue\":\"" + queue + "\",\"payload\":1}");

        Assert.False(await IsRemembered(queue));
        Assert.True(await IsRemembered("new " + queue));
        async Task<bool> IsRemembered(string key) =>
            (await Task.WhenAll(api.Service<Partitions>().First.Idempotency.Select(generation => database.HashExistsAsync(generation, key)))).Contains(true);
    }

    [Theory]
    [InlineData("ø", 1)]
    [InlineData("k", 256)]
    public async Task A_key_that_is_too_long_or_not_ASCII_is_refused(string key, int times) =>
        await Api.AssertProblemAsync(
            await api.PostWithKeyAsync(string.Concat(Enumerable.Repeat(key, times)), "{\"payload\":1}"), HttpStatusCode.BadRequest, "validation");

    public sealed class OnEmbedded(EmbeddedApi api) : ScheduleJobTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ScheduleJobTests(api), IClassFixture<RedisApi>;
}
