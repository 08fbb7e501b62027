using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>Which jobs expire, and at which instant.</summary>
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

    public sealed class InPartitions(PartitionedApi api) : ExpireJobTests(api), IClassFixture<PartitionedApi>;
}
