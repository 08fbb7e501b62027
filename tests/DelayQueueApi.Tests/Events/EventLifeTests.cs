using DelayQueueApi.Events;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Events;

/// <summary>What happens to a job or a queue is told once and in order, where it has happened.</summary>
public abstract class EventLifeTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task A_job_s_whole_life_is_told_in_order()
    {
        using var events = await EventsClient.OpenAsync(api, $"queue={queue}");
        var job = await api.ScheduleAsync(queue, "\"maxAttempts\":3");
        await api.SettleAsync(await api.ClaimOneAsync(queue), "release");
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"delayMs\":0");
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);
        await api.ReapAsync();
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack");
        await api.RedriveAsync(queue);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");

        var told = await events.TakeAsync(13);

        Assert.Equal(
            [
                (EventType.Scheduled, null), (EventType.Claimed, 1), (EventType.Released, 1), (EventType.Claimed, 1), (EventType.Nacked, 1), (EventType.Claimed, 2),
                (EventType.LeaseExpired, 2), (EventType.Claimed, 3), (EventType.Nacked, 3), (EventType.Dead, 3), (EventType.Redriven, null), (EventType.Claimed, 1), (EventType.Acked, 1),
            ],
            told.Select(change => (change.Type, change.Attempt)));
        Assert.All(told, change => Assert.Equal((job.Id, queue), (change.Job, change.Queue)));
        Assert.Equal(api.Clock.GetUtcNow(), told[^1].At);
    }

    [Fact]
    public async Task Acks_of_one_call_tell_each_the_attempt_that_it_ends()
    {
        await api.BatchAsync(queue, 5);
        foreach (var leased in (await api.ClaimAsync(queue, "\"limit\":5,\"leaseMs\":1000")).Where((_, number) => number is 1 or 2))
        {
            await api.SettleAsync(leased, "nack", "\"delayMs\":0");
        }

        await api.ClaimAsync(queue, "\"limit\":2,\"leaseMs\":1000");
        api.Advance(1000);
        await api.ReapAsync();
        var all = await api.ClaimAsync(queue, "\"limit\":5");
        using var events = await EventsClient.OpenAsync(api, $"queue={queue}");

        await api.PostAsync("/jobs/settle", $$"""{"acks":[{{string.Join(',', all.Select(leased => $$"""{"id":"{{leased.Id}}","leaseToken":"{{leased.Lease.Token}}"}"""))}}]}""");

        Assert.Equal([2, 2, 2, 3, 3], all.Select(leased => leased.Attempt).Order());
        Assert.Equal(all.Select(leased => (leased.Id, leased.Attempt)), (await events.TakeAsync(5)).Select(change => (change.Job!, change.Attempt!.Value)));
    }

    [Theory]
    [InlineData("cancel", "scheduled updated cancelled")]
    [InlineData("expire", "scheduled expired")]
    [InlineData("purge", "scheduled claimed nacked dead purged")]
    [InlineData("replace", "scheduled cancelled scheduled")]
    [InlineData("chain", "scheduled claimed scheduled acked")]
    [InlineData("cancel-leased", "scheduled claimed cancelled")]
    public async Task Every_other_end_is_told(string end, string types)
    {
        using var events = await EventsClient.OpenAsync(api, $"queue={queue}");
        await EndAsync(end);

        Assert.Equal(types, string.Join(' ', await events.TypesAsync(types.Split(' ').Length)));
    }

    [Fact]
    public async Task What_happens_to_a_queue_is_told_once_wherever_its_jobs_are()
    {
        using var events = await EventsClient.OpenAsync(api, $"queue={queue}");
        await api.BatchAsync(queue, 10);
        await api.SetQueueAsync(queue, "\"maxLength\":100,\"paused\":true");
        await api.PostAsync($"/queues/{queue}/pause");
        await api.PostAsync($"/queues/{queue}/resume");
        await api.PostAsync($"/queues/{queue}/resume");
        await api.DeleteAsync($"/queues/{queue}?force=true");
        await api.ScheduleAsync(queue);

        var told = await events.TakeAsync(25);

        Assert.Equal(
            ["cancelled 10", "deleted 1", "paused 1", "resumed 1", "scheduled 11", "settings 1"],
            told.GroupBy(change => EventTypes.NameOf(change.Type)).Select(group => $"{group.Key} {group.Count()}").Order());
        Assert.All(told, change => Assert.Equal(change.Type > EventType.Updated, change.Job is null));
    }

    [Fact]
    public async Task What_is_told_adds_up_to_what_the_queue_counts_and_what_is_refused_is_not_told()
    {
        using var events = await EventsClient.OpenAsync(api, $"queue={queue}");
        await api.BatchAsync(queue, 30, number => number % 3 == 0 ? $",\"priority\":9,\"unique\":{{\"key\":\"{number % 6}\"}}" : ",\"ttlMs\":60000");
        var leased = await api.ClaimAsync(queue, "\"limit\":8");
        await api.SetQueueAsync(queue, "\"maxLength\":1");
        await api.ScheduleAsync(queue + "-other");
        await Api.AssertProblemAsync(await api.PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1}"""), System.Net.HttpStatusCode.TooManyRequests, "queue-full");
        foreach (var (call, number) in new[] { ("ack", 0), ("ack", 0), ("nack", 1), ("nack", 1), ("release", 2), ("ack", 3), ("extend", 4) })
        {
            await api.SettleAsync(leased[number], call, call == "extend" ? "\"leaseMs\":1000" : "");
        }

        await Api.AssertProblemAsync(
            await api.SettleAsync(leased[5], "ack", $$"""
            "then":[{"queue":"{{queue}}","payload":1},{"queue":"{{queue}}","payload":1}]
            """), System.Net.HttpStatusCode.TooManyRequests, "queue-full");
        api.Advance(60_000);
        await api.ReapAsync();
        var totals = (await api.QueueAsync(queue)).Totals;
        await api.SetQueueAsync(queue, "\"paused\":true");

        var counted = new[] { totals.Created, totals.Claimed, totals.Acked, totals.Nacked, totals.LeasesExpired, totals.Released, totals.Cancelled, totals.Expired, totals.Died };
        // Its settings, twice, and its pause are events too.
        var told = await events.TakeAsync((int)(counted.Sum() + 3));

        EventType[] types =
        [
            EventType.Scheduled, EventType.Claimed, EventType.Acked, EventType.Nacked, EventType.LeaseExpired, EventType.Released, EventType.Cancelled, EventType.Expired, EventType.Dead,
        ];
        Assert.Equal(counted, types.Select(type => (long)told.Count(change => change.Type == type)));
    }

    private async Task EndAsync(string end)
    {
        var job = await api.ScheduleAsync(queue, end switch { "expire" => "\"ttlMs\":1000", "replace" => "\"unique\":{\"key\":\"k\"}", _ => "" });
        switch (end)
        {
            case "cancel":
                await api.PatchAsync(job.Id, """{"priority":9}""");
                await api.CancelAsync(job.Id);
                break;
            case "expire":
                api.Advance(1000);
                await api.ReapAsync();
                break;
            case "purge":
                await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");
                await api.PurgeAsync(queue, "dead");
                break;
            case "replace":
                await api.ScheduleAsync(queue, "\"unique\":{\"key\":\"k\",\"onConflict\":\"replace\"}");
                break;
            case "chain":
                await api.SettleAsync(await api.ClaimOneAsync(queue), "ack", $$"""
                    "then":[{"queue":"{{queue}}","payload":1}]
                    """);
                break;
            default:
                var leased = await api.ClaimOneAsync(queue);
                await api.CancelAsync(job.Id);
                await api.SettleAsync(leased, "ack");
                break;
        }
    }

    public sealed class OnEmbedded(EmbeddedEventsApi api) : EventLifeTests(api), IClassFixture<EmbeddedEventsApi>;

    public sealed class OnRedis(RedisEventsApi api) : EventLifeTests(api), IClassFixture<RedisEventsApi>;

    public sealed class InPartitions(PartitionedEventsApi api) : EventLifeTests(api), IClassFixture<PartitionedEventsApi>;
}
