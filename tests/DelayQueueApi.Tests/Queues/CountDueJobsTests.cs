using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

/// <summary>GET /queues/{queue}/due</summary>
public abstract class CountDueJobsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Jobs_are_counted_by_the_minute_of_the_coming_hour()
    {
        await api.BatchAsync(queue, 10, i => $",\"delayMs\":{i * 30_000},\"priority\":{i % 3}");
        await api.ScheduleAsync(queue, "\"delayMs\":3600001");

        var due = await CountAsync();

        Assert.Equal((60, 1, 1), (due.Buckets.Count, due.Ready, due.Later));
        Assert.Equal([2, 2, 2, 2, 1, 0], due.Buckets.Take(6).Select(bucket => bucket.Jobs));
        Assert.Equal(9, due.Buckets.Sum(bucket => bucket.Jobs));
        Assert.Equal([api.Clock.GetUtcNow(), api.Clock.GetUtcNow().AddMinutes(1), api.Clock.GetUtcNow().AddHours(1)], [due.Now, due.Buckets[0].Until, due.Buckets[^1].Until]);
    }

    [Fact]
    public async Task A_job_is_counted_in_the_part_that_ends_at_its_instant()
    {
        foreach (var delayMs in (int[])[1, 999, 1000, 1001, 2000, 2001, 3000, 3001])
        {
            await api.ScheduleAsync(queue, $"\"delayMs\":{delayMs}");
        }

        var due = await CountAsync("?withinMs=3000&buckets=3");

        Assert.Equal([3, 2, 2, 1], [.. due.Buckets.Select(bucket => bucket.Jobs), due.Later]);
    }

    [Fact]
    public async Task Parts_that_do_not_divide_the_time_evenly_leave_nothing_out()
    {
        await api.BatchAsync(queue, 100, i => $",\"delayMs\":{(i + 1) * 10}");

        var due = await CountAsync("?withinMs=1000&buckets=7");

        Assert.Equal((7, 100, 0), (due.Buckets.Count, due.Buckets.Sum(bucket => bucket.Jobs), due.Later));
        Assert.Equal(api.Clock.GetUtcNow().AddMilliseconds(142), due.Buckets[0].Until);
    }

    [Fact]
    public async Task The_soonest_ten_are_named_whatever_their_priority()
    {
        var made = await api.BatchAsync(queue, 30, i => $",\"delayMs\":{(30 - i) * 1000},\"priority\":{i % 10}");

        var due = await CountAsync();

        Assert.Equal(made.Reverse().Take(10).Select(item => item.Job!.Id), due.Soonest.Select(job => job.Id));
        Assert.Equal((api.Clock.GetUtcNow().AddSeconds(1), 9), (due.Soonest[0].RunAt, due.Soonest[0].Priority));
    }

    [Fact]
    public async Task What_a_worker_holds_or_has_finished_is_not_due()
    {
        await api.BatchAsync(queue, 3);
        await api.ClaimOneAsync(queue);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");

        var due = await CountAsync();

        Assert.Equal((1, 0, 0, 0), (due.Ready, due.Buckets.Sum(bucket => bucket.Jobs), due.Later, due.Soonest.Count));
    }

    [Fact]
    public async Task A_queue_that_is_not_there_is_404() =>
        await Api.AssertProblemAsync(await api.GetAsync($"/queues/{queue}/due"), HttpStatusCode.NotFound, "queue-not-found");

    [Theory]
    [InlineData("?buckets=0", "buckets")]
    [InlineData("?buckets=241", "buckets")]
    [InlineData("?buckets=1.5", "buckets")]
    [InlineData("?withinMs=999", "withinMs")]
    [InlineData("?withinMs=604800001", "withinMs")]
    [InlineData("?within=5", "within")]
    public async Task What_is_not_valid_is_named(string query, string field) =>
        await Api.AssertInvalidAsync(await api.GetAsync($"/queues/{queue}/due{query}"), field);

    private async Task<CountDueJobs.Response> CountAsync(string query = "") =>
        await Api.ReadAsync(await api.GetAsync($"/queues/{queue}/due{query}"), WireJson.Default.CountDueJobsResponse);

    public sealed class OnEmbedded(EmbeddedApi api) : CountDueJobsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : CountDueJobsTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : CountDueJobsTests(api), IClassFixture<PartitionedApi>;
}
