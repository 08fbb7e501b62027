using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Leases;

/// <summary>How long a queue keeps jobs that have ended, how many, and how they go.</summary>
public abstract class RetentionTests(Api api)
{
    private const string Kept = "\"retentionMs\":60000";

    private readonly string queue = Api.NewQueue();

    [Theory]
    [InlineData("", "{}", 0)]
    [InlineData("", "{\"retentionMs\":5000}", 5000)]
    [InlineData("\"retentionMs\":3000", "{\"retentionMs\":5000}", 3000)]
    [InlineData("\"retentionMs\":7000", "{}", 7000)]
    [InlineData("\"retentionMs\":0", "{\"retentionMs\":5000}", 0)]
    [InlineData("\"retentionMs\":0", "{}", 0)]
    public async Task The_jobs_own_retention_goes_before_that_of_its_queue(string fields, string settings, int keptMs)
    {
        await api.SetQueueAsync(queue, settings.Trim('{', '}'));
        var claimed = await ClaimAsync(fields);

        await api.SettleAsync(claimed, "ack", "\"result\":1");

        if (keptMs > 0)
        {
            api.Advance(keptMs - 1);
            await api.ReapAsync();
            Assert.Equal((JobState.Completed, 1), ((await api.JobAsync(claimed.Id)).State, (await api.QueueAsync(queue)).Completed));
            api.Advance(1);
        }

        await AssertGoneAsync(claimed.Id);
        Assert.Equal((1, 0), await api.QueueAsync(queue) is var counts ? (counts.Totals.Acked, counts.Completed) : default);
        Assert.Empty((await api.ListAsync(queue, "completed")).Jobs);
        await Api.AssertProblemAsync(await api.CancelAsync(claimed.Id), HttpStatusCode.NotFound, "job-not-found");
        await Api.AssertProblemAsync(await api.PatchAsync(claimed.Id, "{\"priority\":1}"), HttpStatusCode.NotFound, "job-not-found");
        await api.ReapAsync();
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_change_of_the_retention_holds_for_the_end()
    {
        var job = await api.ScheduleAsync(queue, "\"retentionMs\":5000");
        Assert.Equal(9000, (await Api.ReadAsync(await api.PatchAsync(job.Id, "{\"retentionMs\":9000}"), WireJson.Default.Job)).RetentionMs);

        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");

        Assert.Equal(api.Clock.GetUtcNow().AddMilliseconds(9000), (await api.JobAsync(job.Id)).KeptUntil);
    }

    [Fact]
    public async Task Kept_jobs_are_swept_when_their_time_is_over_in_queues_that_nobody_claims_from()
    {
        for (var i = 0; i < 120; i++)
        {
            await api.ScheduleAsync(queue, $"\"retentionMs\":{1000 + i}");
        }

        await Task.WhenAll((await Task.WhenAll(api.ClaimAsync(queue, "\"limit\":100"), api.ClaimAsync(queue, "\"limit\":100")))
            .SelectMany(jobs => jobs).Select(job => api.SettleAsync(job, "ack")));
        api.Advance(1109);

        await api.ReapAsync();

        Assert.Equal((10, 120), await api.QueueAsync(queue) is var counts ? (counts.Completed, counts.Totals.Acked) : default);
        Assert.Equal(10, (await api.ListAsync(queue, "completed")).Jobs.Count);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Of_more_jobs_than_the_queue_keeps_those_that_go_first_go_sooner()
    {
        await api.PutAsync($"/queues/{queue}", "{\"maxRetained\":2}");
        var ids = new List<string>();
        foreach (var retention in (int[])[9000, 5000, 7000, 8000])
        {
            var claimed = await ClaimAsync($"\"retentionMs\":{retention}", "\"leaseMs\":43200000");
            await api.SettleAsync(claimed, "ack");
            ids.Add(claimed.Id);
        }

        await api.ReapAsync();

        Assert.Equal([ids[3], ids[0]], (await api.ListAsync(queue, "completed")).Jobs.Select(job => job.Id));
        await AssertGoneAsync(ids[1]);
        var counts = await api.QueueAsync(queue);
        Assert.Equal((2, 4, 0), (counts.Completed, counts.Totals.Acked, counts.Totals.Purged));
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_queue_that_is_set_to_keep_fewer_jobs_sweeps_the_rest()
    {
        for (var i = 0; i < 5; i++)
        {
            await api.SettleAsync(await ClaimAsync(Kept), "ack");
            await api.ScheduleAsync(queue, Kept + ",\"ttlMs\":1,\"delayMs\":1");
        }

        api.Advance(10);
        await api.ReapAsync();
        Assert.Equal((5, 5), await api.QueueAsync(queue) is var before ? (before.Completed, before.Expired) : default);

        await api.PutAsync($"/queues/{queue}", "{\"maxRetained\":0}");
        await api.ReapAsync();

        var counts = await api.QueueAsync(queue);
        Assert.Equal((0, 0, 5, 5), (counts.Completed, counts.Expired, counts.Totals.Acked, counts.Totals.Expired));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_that_was_cancelled_while_leased_is_not_kept()
    {
        var claimed = await ClaimAsync(Kept);
        await api.CancelAsync(claimed.Id);

        await Api.AssertProblemAsync(await api.SettleAsync(claimed, "ack", "\"result\":1"), HttpStatusCode.Conflict, "job-cancelled");

        await AssertGoneAsync(claimed.Id);
        Assert.Equal((0, 0, 1), await api.QueueAsync(queue) is var counts ? (counts.Completed, counts.Totals.Acked, counts.Totals.Cancelled) : default);
    }

    [Theory]
    [InlineData("completed", 45, 0, 3)]
    [InlineData("expired", 3, 45, 0)]
    public async Task A_purge_of_what_is_kept_changes_no_total(string state, int purged, int completed, int expired)
    {
        for (var i = 0; i < 45; i++)
        {
            await api.ScheduleAsync(queue, Kept);
        }

        foreach (var claimed in await api.ClaimAsync(queue, "\"limit\":100"))
        {
            await api.SettleAsync(claimed, "ack");
        }

        for (var i = 0; i < 3; i++)
        {
            await api.ScheduleAsync(queue, Kept + ",\"ttlMs\":1");
        }

        api.Advance(1);
        await api.ReapAsync();

        Assert.Equal(purged, await api.PurgeAsync(queue, state));
        Assert.Equal(0, await api.PurgeAsync(queue, state));

        var counts = await api.QueueAsync(queue);
        Assert.Equal((completed, expired), (counts.Completed, counts.Expired));
        Assert.Equal((45, 3, 0, 0), (counts.Totals.Acked, counts.Totals.Expired, counts.Totals.Purged, counts.Totals.Cancelled));
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task What_is_made_is_what_is_there_and_what_has_ended_whatever_happens()
    {
        for (var i = 0; i < 12; i++)
        {
            await api.ScheduleAsync(queue, $"\"retentionMs\":{i % 2 * 5000},\"maxAttempts\":1,\"ttlMs\":{(i < 8 ? 60_000 : 1000)}");
        }

        var claimed = await api.ClaimAsync(queue, "\"limit\":7,\"leaseMs\":2000");
        await api.SettleAsync(claimed[0], "ack");
        await api.SettleAsync(claimed[1], "ack");
        await api.SettleAsync(claimed[2], "nack");
        await api.SettleAsync(claimed[3], "release");
        await api.CancelAsync(claimed[4].Id);
        Api.AssertAddsUp(await api.QueueAsync(queue));
        foreach (var ms in (int[])[999, 1, 999, 1, 4000, 60_000])
        {
            api.Advance(ms);
            Api.AssertAddsUp(await api.QueueAsync(queue));
            await api.ReapAsync();
            Api.AssertAddsUp(await api.QueueAsync(queue));
            await api.AssertSoundAsync();
        }

        await api.PurgeAsync(queue, "dead");
        var counts = await api.QueueAsync(queue);
        Assert.Equal((12, 2, 1, 3), (counts.Totals.Created, counts.Totals.Acked, counts.Totals.Cancelled, counts.Totals.Purged));
        Assert.Equal((5, 1, 0, 1), (counts.Totals.Expired, counts.Ready, counts.Completed, counts.Expired));
        Api.AssertAddsUp(counts);
    }

    private Task<ClaimJobs.ClaimedJob> ClaimAsync(string fields, string claim = "") => api.LeasedAsync(queue, fields, claim);

    private async Task AssertGoneAsync(string id) =>
        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{id}"), HttpStatusCode.NotFound, "job-not-found");

    public sealed class OnEmbedded(EmbeddedApi api) : RetentionTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : RetentionTests(api), IClassFixture<RedisApi>;
}
