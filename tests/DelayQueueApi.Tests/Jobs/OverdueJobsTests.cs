using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>However many jobs are overdue, and whoever meets them first, each expires once and is in nobody's way.</summary>
public abstract class OverdueJobsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Theory]
    [InlineData("")]
    [InlineData(",\"retentionMs\":60000")]
    public async Task A_claim_passes_over_more_overdue_jobs_than_a_reap_takes_and_gets_all_others_in_order(string retention)
    {
        var live = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            var batch = string.Join(',', Enumerable.Range(0, 5).Select(n => $$"""{"queue":"{{queue}}","payload":1,"priority":{{9 - (i / 6)}},"ttlMs":{{1000 + n}}{{retention}}}"""));
            await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{batch}}]}""");
            live.Add((await api.ScheduleAsync(queue, $"\"priority\":{9 - (i / 6)},\"ttlMs\":1005")).Id);
        }

        api.Advance(1004);
        var first = await api.ClaimAsync(queue, "\"limit\":45");
        var rest = await api.ClaimAsync(queue, "\"limit\":100");

        Assert.Equal(live, first.Concat(rest).Select(job => job.Id));
        Assert.Equal(45, first.Count);
        var counts = await api.QueueAsync(queue);
        Assert.Equal((300, retention.Length > 0 ? 300 : 0, 60), (counts.Totals.Expired, counts.Expired, counts.Leased));
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Thousands_of_overdue_jobs_hold_up_no_claim_for_good()
    {
        for (var i = 0; i < 10; i++)
        {
            await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat($$"""{"queue":"{{queue}}","payload":1,"priority":9,"ttlMs":1000}""", 1000))}}]}""");
        }

        var live = await api.ScheduleAsync(queue);
        api.Advance(1000);

        Assert.Equal(live.Id, (await api.ClaimOneAsync(queue, "\"waitMs\":60000")).Id);

        await api.ReapAsync();
        Assert.Equal((10_000, 1), await api.QueueAsync(queue) is var counts ? (counts.Totals.Expired, counts.Leased) : default);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Overdue_jobs_of_queues_that_nobody_claims_from_expire_by_themselves()
    {
        var queues = Enumerable.Range(0, 25).Select(_ => Api.NewQueue()).ToArray();
        foreach (var name in queues)
        {
            for (var i = 0; i < 7; i++)
            {
                await api.ScheduleAsync(name, $"\"ttlMs\":1000,\"delayMs\":{i}");
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 120).Select(_ => api.ScheduleAsync(queue, "\"ttlMs\":1000")));
        api.Advance(1005);
        await api.ReapAsync();

        Assert.Equal((120, 0), await api.QueueAsync(queue) is var many ? (many.Totals.Expired, many.Ready) : default);
        foreach (var name in queues)
        {
            Assert.Equal((6, 1), await api.QueueAsync(name) is var counts ? (counts.Totals.Expired, counts.Ready) : default);
        }

        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_is_claimed_cancelled_or_expired_and_never_two_of_them()
    {
        var jobs = await Task.WhenAll(Enumerable.Range(0, 90).Select(i => api.ScheduleAsync(queue, $"\"ttlMs\":{1000 + (i % 2)}")));
        api.Advance(1000);

        await Task.WhenAll(
            Task.WhenAll(jobs.Select(job => api.CancelAsync(job.Id))),
            Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.ClaimAsync(queue, "\"limit\":2"))),
            Task.WhenAll(Enumerable.Range(0, 8).Select(_ => api.ReapAsync())));

        var counts = await api.QueueAsync(queue);
        Assert.Equal(45, counts.Totals.Expired);
        Assert.Equal(45, counts.Totals.Cancelled + counts.Leased + counts.Ready);
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : OverdueJobsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : OverdueJobsTests(api), IClassFixture<RedisApi>;
}
