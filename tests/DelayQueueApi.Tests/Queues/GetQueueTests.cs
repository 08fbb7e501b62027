using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

public abstract class GetQueueTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Jobs_are_counted_by_state_as_time_passes()
    {
        await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue, "\"delayMs\":1000");

        var before = await api.QueueAsync(queue);
        api.Advance(1500);
        await api.ClaimOneAsync(queue);
        var after = await api.QueueAsync(queue);

        Assert.Equal((1, 1, 0, 0), (before.Scheduled, before.Ready, before.Leased, before.OldestReadyMs));
        Assert.Equal((0, 1, 1, 500), (after.Scheduled, after.Ready, after.Leased, after.OldestReadyMs));
    }

    [Fact]
    public async Task The_next_run_at_is_told_where_nothing_is_ready()
    {
        var job = await api.ScheduleAsync(queue, "\"delayMs\":1000,\"priority\":2");

        var counts = await api.QueueAsync(queue);

        Assert.Equal((job.RunAt, null), (counts.NextRunAt, counts.OldestReadyMs));
    }

    [Fact]
    public async Task What_was_created_is_the_sum_of_what_became_of_it()
    {
        var random = new Random(7);
        for (var i = 0; i < 120; i++)
        {
            var job = await api.ScheduleAsync(queue, $"\"delayMs\":{random.Next(0, 50)},\"maxAttempts\":{random.Next(1, 3)}");
            if (random.Next(4) == 0)
            {
                await api.CancelAsync(job.Id);
            }

            api.Advance(random.Next(0, 400));
            foreach (var claimed in await api.ClaimAsync(queue, "\"limit\":2,\"leaseMs\":1000"))
            {
                switch (random.Next(6))
                {
                    case 0: await api.SettleAsync(claimed, "ack"); break;
                    case 1: await api.SettleAsync(claimed, "nack", "\"delayMs\":10"); break;
                    case 2: await api.SettleAsync(claimed, "release"); break;
                    case 3: await api.CancelAsync(claimed.Id); break;
                    case 4: await api.SettleAsync(claimed, "nack", "\"dead\":true"); break;
                    default: break; // Its lease runs out.
                }
            }

            switch (random.Next(30))
            {
                case 0: await api.RedriveAsync(queue, "{\"limit\":2}"); break;
                case 1: await api.PurgeAsync(queue, "dead"); break;
                case 2: await api.PurgeAsync(queue, "ready"); break;
                default: break;
            }

            var c = await api.QueueAsync(queue);
            Assert.Equal(c.Totals.Created, c.Scheduled + c.Ready + c.Leased + c.Dead + c.Totals.Acked + c.Totals.Cancelled + c.Totals.Purged);
            Assert.Equal(c.Totals.Died, c.Dead + c.Totals.Redriven + c.Totals.Purged);
            Assert.Equal(c.Totals.Claimed, c.Leased + c.Totals.Acked + c.Totals.Nacked + c.Totals.Released + c.Totals.LeasesExpired);
        }

        var final = await api.QueueAsync(queue);
        Assert.All([final.Totals.Acked, final.Totals.Nacked, final.Totals.Released, final.Totals.LeasesExpired, final.Totals.Cancelled, final.Totals.Died,
                final.Totals.Redriven, final.Totals.Purged],
            total => Assert.True(total > 0));
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : GetQueueTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : GetQueueTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : GetQueueTests(api), IClassFixture<PartitionedApi>;
}
