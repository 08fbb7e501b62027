using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Leases;

public abstract class SettleTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task An_acked_job_is_gone_and_the_ack_may_be_repeated()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);

        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(job, "ack")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(job, "ack")).StatusCode);

        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{job.Id}"), HttpStatusCode.NotFound, "job-not-found");
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Acked);
    }

    [Fact]
    public async Task A_repeated_ack_is_known_for_a_minute_and_forgotten_after_two()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);
        await api.SettleAsync(job, "ack");

        api.Advance(59_999);
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(job, "ack")).StatusCode);
        api.Advance(120_000);

        await Api.AssertProblemAsync(await api.SettleAsync(job, "ack"), HttpStatusCode.NotFound, "job-not-found");
    }

    [Theory]
    [InlineData("ack")]
    [InlineData("nack")]
    [InlineData("release")]
    [InlineData("extend", "\"leaseMs\":1000")]
    public async Task A_lease_is_lost_at_the_instant_it_ends_reaped_or_not(string call, string fields = "")
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");

        api.Advance(1000);

        await Api.AssertProblemAsync(await api.SettleAsync(job, call, fields), HttpStatusCode.Conflict, "lease-lost");
        Assert.Equal(JobState.Ready, (await api.JobAsync(job.Id)).State);
    }

    [Theory]
    [InlineData("ack")]
    [InlineData("nack")]
    [InlineData("release")]
    [InlineData("extend", "\"leaseMs\":1000")]
    public async Task An_older_lease_is_refused_also_after_the_newer_one_finished_the_job(string call, string fields = "")
    {
        await api.ScheduleAsync(queue);
        var old = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);
        var current = await api.ClaimOneAsync(queue);

        await Api.AssertProblemAsync(await api.SettleAsync(old, call, fields), HttpStatusCode.Conflict, "lease-lost");
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(current, "ack")).StatusCode);
        await Api.AssertProblemAsync(await api.SettleAsync(old, call, fields), HttpStatusCode.Conflict, "lease-lost");
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("AAAA")]
    [InlineData("%00")]
    public async Task A_token_that_is_not_ours_is_refused(string token)
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);

        await Api.AssertProblemAsync(await api.SettleAsync(job.Id, token, "ack"), HttpStatusCode.Conflict, "lease-lost");

        Assert.Equal(JobState.Leased, (await api.JobAsync(job.Id)).State);
    }

    [Fact]
    public async Task The_token_of_another_job_is_refused()
    {
        await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue);
        var (one, two) = (await api.ClaimOneAsync(queue), await api.ClaimOneAsync(queue));

        await Api.AssertProblemAsync(await api.SettleAsync(one.Id, two.Lease.Token, "ack"), HttpStatusCode.Conflict, "lease-lost");

        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("0-01M83VNRT5000009VMC8KNA3D9")]
    [InlineData("nonsense")]
    [InlineData("..%2f..%2fjobs")]
    public async Task A_job_that_never_was_is_not_found(string id)
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);

        await Api.AssertProblemAsync(await api.SettleAsync(id, job.Lease.Token, "ack"), HttpStatusCode.NotFound, "job-not-found");
    }

    [Fact]
    public async Task A_released_job_is_ready_at_once_and_its_attempt_does_not_count()
    {
        await api.ScheduleAsync(queue);
        var first = await api.ClaimOneAsync(queue);

        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(first, "release")).StatusCode);

        var second = await api.ClaimOneAsync(queue);
        Assert.Equal((1, 1), (first.Attempt, second.Attempt));
        Assert.True(second.Lease.Fence > first.Lease.Fence);
    }

    [Fact]
    public async Task An_extended_lease_ends_later()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(900);

        var extended = await Api.ReadAsync(await api.SettleAsync(job, "extend", "\"leaseMs\":5000"), WireJson.Default.ExtendLeaseResponse);

        Assert.Equal((api.Clock.GetUtcNow().AddMilliseconds(5000), false), (extended.ExpiresAt, extended.CancelRequested));
        api.Advance(4999);
        Assert.Empty(await api.ClaimAsync(queue));
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(job, "ack")).StatusCode);
    }

    [Theory]
    [InlineData("{\"type\":\"fixed\",\"delayMs\":500}", new[] { 500, 500, 500 })]
    [InlineData("{\"type\":\"exponential\",\"delayMs\":100,\"factor\":3,\"maxDelayMs\":500,\"jitter\":\"none\"}", new[] { 100, 300, 500 })]
    [InlineData("{\"type\":\"delays\",\"delaysMs\":[10,0]}", new[] { 10, 0, 0 })]
    public async Task A_nacked_job_waits_for_its_backoff(string backoff, int[] delays)
    {
        await api.ScheduleAsync(queue, $"\"backoff\":{backoff}");
        foreach (var delay in delays)
        {
            var job = await api.ClaimOneAsync(queue);

            var nacked = await Api.ReadAsync(await api.SettleAsync(job, "nack"), WireJson.Default.NackJobResponse);

            Assert.Equal(api.Clock.GetUtcNow().AddMilliseconds(delay), nacked.RunAt);
            Assert.Equal(delay > 0 ? JobState.Scheduled : JobState.Ready, nacked.State);
            api.Advance(delay);
        }
    }

    /// <summary>From attempt 310 on a factor of ten is beyond the largest number.</summary>
    [Fact]
    public async Task No_delay_stays_none_however_often_it_is_multiplied()
    {
        await api.ScheduleAsync(queue, """
            "backoff":{"type":"exponential","delayMs":0,"factor":10,"maxDelayMs":1000,"jitter":"none"},"maxAttempts":1000
            """);
        for (var attempt = 1; attempt <= 311; attempt++)
        {
            var job = await api.ClaimOneAsync(queue);
            var nacked = await Api.ReadAsync(await api.SettleAsync(job, "nack"), WireJson.Default.NackJobResponse);
            Assert.Equal((attempt, JobState.Ready), (job.Attempt, nacked.State));
        }
    }

    [Theory]
    [InlineData("full", 0, 1000)]
    [InlineData("equal", 500, 1000)]
    public async Task Jitter_stays_within_its_bounds(string jitter, int least, int most)
    {
        await api.ScheduleAsync(queue, $$"""
            "backoff":{"type":"fixed","delayMs":1000,"jitter":"{{jitter}}"},"maxAttempts":1000
            """);
        var delays = new HashSet<double>();
        for (var i = 0; i < 20; i++)
        {
            var job = await api.ClaimOneAsync(queue);
            var nacked = await Api.ReadAsync(await api.SettleAsync(job, "nack"), WireJson.Default.NackJobResponse);
            var delay = (nacked.RunAt!.Value - api.Clock.GetUtcNow()).TotalMilliseconds;
            Assert.InRange(delay, least, most);
            delays.Add(delay);
            api.Advance(1000);
        }

        Assert.True(delays.Count > 1);
    }

    [Fact]
    public async Task Without_a_backoff_of_its_own_a_job_waits_exponentially_from_a_second()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);

        var nacked = await Api.ReadAsync(await api.SettleAsync(job, "nack"), WireJson.Default.NackJobResponse);

        Assert.InRange((nacked.RunAt!.Value - api.Clock.GetUtcNow()).TotalMilliseconds, 500, 1000);
    }

    [Fact]
    public async Task The_nacks_own_delay_wins_and_its_error_is_kept()
    {
        await api.ScheduleAsync(queue, "\"delayMs\":0,\"backoff\":{\"type\":\"fixed\",\"delayMs\":500}");
        var job = await api.ClaimOneAsync(queue);

        await api.SettleAsync(job, "nack", "\"delayMs\":7,\"error\":\"no route — ☎\",\"errorType\":\"Net\"");

        var read = await api.JobAsync(job.Id);
        Assert.Equal((api.Clock.GetUtcNow().AddMilliseconds(7), new JobError("no route — ☎", "Net"), 1), (read.RunAt, read.LastError, read.Failures!.Nacked));
    }

    [Fact]
    public async Task A_job_is_dead_after_its_last_attempt_and_attempts_never_exceed_the_maximum()
    {
        var job = await api.ScheduleAsync(queue, "\"maxAttempts\":3");
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            var claimed = await api.ClaimOneAsync(queue);
            Assert.Equal(attempt, claimed.Attempt);
            await api.SettleAsync(claimed, "nack", "\"delayMs\":0");
        }

        Assert.Empty(await api.ClaimAsync(queue));
        var dead = await api.JobAsync(job.Id);
        Assert.Equal((JobState.Dead, 3, api.Clock.GetUtcNow()), (dead.State, dead.Attempt, dead.DiedAt!.Value));
        Assert.Equal((1, 1), ((await api.QueueAsync(queue)).Dead, (await api.QueueAsync(queue)).Totals.Died));
    }

    [Theory]
    [InlineData("nack", "\"delayMs\":-1", "delayMs")]
    [InlineData("nack", "\"delayMs\":1,\"dead\":true", "delayMs")]
    [InlineData("nack", "\"errorType\":\"a\\u0000b\"", "errorType")]
    [InlineData("nack", "\"error\":\"\\ud800\"", "error")]
    [InlineData("extend", "\"leaseMs\":999", "leaseMs")]
    [InlineData("extend", "\"leaseMs\":43200001", "leaseMs")]
    [InlineData("extend", "", "leaseMs")]
    [InlineData("ack", "\"x\":1", "x")]
    public async Task What_is_out_of_range_is_refused_by_its_field_and_the_lease_lives_on(string call, string fields, string field)
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);

        var answer = await api.SettleAsync(job, call, fields);

        await Api.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "validation");
        Assert.Contains($"\"{field}\":[", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(job, "ack")).StatusCode);
    }

    [Fact]
    public async Task Of_all_who_settle_one_lease_at_the_same_time_exactly_one_wins()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => api.SettleAsync(job, (i % 3) switch { 0 => "ack", 1 => "nack", _ => "release" })));

        var counts = (await api.QueueAsync(queue)).Totals;
        Assert.Equal(1, counts.Acked + counts.Nacked + counts.Released);
        Assert.All(answers, answer => Assert.True(answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.Conflict));
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : SettleTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : SettleTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : SettleTests(api), IClassFixture<PartitionedApi>;
}
