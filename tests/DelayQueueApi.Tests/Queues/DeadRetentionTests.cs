using System.Net;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

/// <summary>The setting deadRetentionMs.</summary>
public abstract class DeadRetentionTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task A_dead_job_goes_at_the_end_of_its_retention_and_counts_as_purged()
    {
        await api.SetQueueAsync(queue, "\"deadRetentionMs\":5000");
        var dead = await api.DeadAsync(queue);
        api.Advance(4999);
        await api.ReapAsync();
        Assert.Equal(1, (await api.QueueAsync(queue)).Dead);

        api.Advance(1);
        await api.ReapAsync();

        var counts = await api.QueueAsync(queue);
        Assert.Equal((0, 1, 1), (counts.Dead, counts.Totals.Purged, counts.Totals.Died));
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{dead[0]}")).StatusCode);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_that_dies_as_its_lease_ends_is_kept_from_then_on()
    {
        await api.SetQueueAsync(queue, "\"deadRetentionMs\":5000");
        await api.ScheduleAsync(queue, "\"maxAttempts\":1");
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);
        await api.ReapAsync();
        api.Advance(4999);
        await api.ReapAsync();
        Assert.Equal(1, (await api.QueueAsync(queue)).Dead);

        api.Advance(1);
        await api.ReapAsync();

        Assert.Equal((0, 1), ((await api.QueueAsync(queue)).Dead, (await api.QueueAsync(queue)).Totals.Purged));
    }

    [Fact]
    public async Task Jobs_that_were_dead_before_it_was_set_go_too_also_more_than_one_step_takes()
    {
        await api.DeadAsync(queue, 120);
        api.Advance(5000);
        var young = await api.DeadAsync(queue);
        await api.ReapAsync();

        await api.SetQueueAsync(queue, "\"deadRetentionMs\":5000");
        await api.ReapAsync();

        Assert.Equal(young, (await api.ListAsync(queue, "dead")).Jobs.Select(job => job.Id));
        Assert.Equal(120, (await api.QueueAsync(queue)).Totals.Purged);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_retention_that_is_made_longer_or_taken_back_holds_for_the_jobs_that_are_there()
    {
        await api.SetQueueAsync(queue, "\"deadRetentionMs\":5000");
        await api.DeadAsync(queue);
        await api.SetQueueAsync(queue, "\"deadRetentionMs\":9000");
        api.Advance(8999);
        await api.ReapAsync();
        Assert.Equal(1, (await api.QueueAsync(queue)).Dead);

        await api.SetQueueAsync(queue, "");
        api.Advance(3_600_000);
        await api.ReapAsync();

        Assert.Equal(1, (await api.QueueAsync(queue)).Dead);
    }

    [Fact]
    public async Task A_redriven_job_does_not_go()
    {
        await api.SetQueueAsync(queue, "\"deadRetentionMs\":5000");
        await api.DeadAsync(queue, 2);
        await api.RedriveAsync(queue, "{\"limit\":1}");
        api.Advance(5000);
        await api.ReapAsync();

        var counts = await api.QueueAsync(queue);
        Assert.Equal((1, 0, 1, 1), (counts.Ready, counts.Dead, counts.Totals.Redriven, counts.Totals.Purged));
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : DeadRetentionTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : DeadRetentionTests(api), IClassFixture<RedisApi>;
}
