using System.Net;
using DelayQueueApi.Events;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Events;

/// <summary>Who reads events gets those that were asked for, each once, and is told where some are lost.</summary>
public abstract class WatchEventsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task The_answer_is_a_stream_that_nothing_keeps_or_buffers()
    {
        using var events = await EventsClient.OpenAsync(api, $"queue={queue}");

        Assert.Equal("text/event-stream", events.Answer.Content.Headers.ContentType!.MediaType);
        Assert.True(events.Answer.Headers.CacheControl!.NoStore);
        Assert.Equal(["no"], events.Answer.Headers.GetValues("X-Accel-Buffering"));
    }

    [Fact]
    public async Task Only_what_was_asked_for_is_told()
    {
        var job = await api.ScheduleAsync(queue);
        using var ofJob = await EventsClient.OpenAsync(api, $"job={job.Id}");
        using var ofTypes = await EventsClient.OpenAsync(api, $"queue={queue}&queue={queue}-other&type=acked&type=cancelled");
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");
        var other = await api.ScheduleAsync($"{queue}-other");
        await api.CancelAsync(other.Id);
        var third = await api.ScheduleAsync($"{queue}-third");
        await api.CancelAsync(third.Id);
        await api.CancelAsync((await api.ScheduleAsync(queue)).Id);

        Assert.Equal(["claimed", "acked"], await ofJob.TypesAsync(2));
        var told = await ofTypes.TakeAsync(3);
        Assert.Equal(["acked", "cancelled", "cancelled"], told.Select(change => EventTypes.NameOf(change.Type)).Order());
        Assert.DoesNotContain(told, change => change.Job == third.Id);
    }

    [Fact]
    public async Task It_goes_on_after_the_last_id_without_loss_or_repetition()
    {
        string lastId;
        List<EventData> told;
        using (var first = await EventsClient.OpenAsync(api, $"queue={queue}"))
        {
            await api.BatchAsync(queue, 10);
            told = await first.TakeAsync(4);
            lastId = first.LastId;
        }

        await api.BatchAsync(queue, 10);
        using var second = await EventsClient.OpenAsync(api, $"queue={queue}", lastId);
        await api.BatchAsync(queue, 10);
        told.AddRange(await second.TakeAsync(26));
        using var third = await EventsClient.OpenAsync(api, $"queue={queue}&lastEventId={Uri.EscapeDataString(second.LastId)}");
        var last = await api.ScheduleAsync(queue);

        Assert.Equal(30, told.Select(change => change.Job).Distinct().Count());
        Assert.Equal(last.Id, Assert.Single(await third.TakeAsync(1)).Job);
    }

    [Fact]
    public async Task Without_an_id_it_begins_now()
    {
        await api.ScheduleAsync(queue);
        using var events = await EventsClient.OpenAsync(api, $"queue={queue}");
        var job = await api.ScheduleAsync(queue);

        Assert.Equal(job.Id, Assert.Single(await events.TakeAsync(1)).Job);
    }

    [Theory]
    [InlineData("1", 11)]
    [InlineData("900000000000000", 1)]
    public async Task An_id_that_is_older_than_what_is_kept_or_unknown_gets_a_reset_and_then_what_there_is(string lastId, int events)
    {
        await api.BatchAsync(queue, 10);
        var partitions = api.Service<Partitions>().Count;
        using var client = await EventsClient.OpenAsync(api, $"queue={queue}", string.Join(',', Enumerable.Repeat(lastId, partitions)));
        var told = await client.DataAsync(partitions + events - 1);
        await api.ScheduleAsync(queue);
        told.AddRange(await client.DataAsync(1));

        Assert.Equal(partitions, told.Count(data => data == """{"type":"reset"}"""));
        Assert.Equal(events, told.Count(data => data.StartsWith("""{"type":"scheduled",""", StringComparison.Ordinal)));
        Assert.StartsWith("""{"type":"reset"}""", told[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_is_kept_than_is_set()
    {
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        for (var i = 0; i < (EventsApi.Kept + 100) * api.Service<Partitions>().Count; i++)
        {
            await api.ScheduleAsync(queue);
        }

        foreach (var partition in api.Service<Partitions>())
        {
            Assert.InRange(await database.ListLengthAsync(partition.Events), EventsApi.Kept, EventsApi.Kept + 64);
        }
    }

    [Fact]
    public async Task A_slow_reader_is_dropped_and_the_others_go_on()
    {
        var feed = api.Service<EventFeed>();
        await Api.UntilAsync(() => feed.Readers == 0);
        var slow = (await feed.JoinAsync(null, default))!;
        using var events = await EventsClient.OpenAsync(api, $"queue={queue}");
        var before = feed.Readers;

        for (var i = 0; feed.Readers == before; i++)
        {
            Assert.True(i < 1_000);
            await api.ScheduleAsync(queue);
            Assert.Single(await events.TypesAsync(1));
        }

        var pages = 0;
        while (await slow.NextAsync(TestContext.Current.CancellationToken) is not null)
        {
            pages++;
        }

        Assert.Equal(64, pages);
        await api.ScheduleAsync(queue);
        Assert.Single(await events.TypesAsync(1));
    }

    [Fact]
    public async Task More_readers_than_may_are_refused()
    {
        var feed = api.Service<EventFeed>();
        await Api.UntilAsync(() => feed.Readers == 0);
        var readers = await Task.WhenAll(Enumerable.Range(0, EventsApi.Readers).Select(_ => feed.JoinAsync(null, default)));

        var refused = await api.GetAsync("/events");
        feed.Leave(readers[0]!);
        using var events = await EventsClient.OpenAsync(api, "forMs=1000");

        await Api.AssertProblemAsync(refused, HttpStatusCode.TooManyRequests, "too-many-readers");
        Assert.All(readers, reader => feed.Leave(reader!));
    }

    [Fact]
    public async Task A_silent_stream_tells_the_position_every_15_s()
    {
        using var events = await EventsClient.OpenAsync(api, $"queue={queue}");
        var before = events.LastId;
        await api.ScheduleAsync($"{queue}-other");
        await api.Service<EventFeed>().RunOnceAsync(TestContext.Current.CancellationToken);

        // The first time may come before the reader has seen the other queue's event.
        for (var i = 0; i < 2 && events.LastId == before; i++)
        {
            var line = events.LineAsync();
            await api.AdvanceUntilAsync(line, 15_000);
            Assert.Equal(": nothing new", await line);
            await events.LineAsync();
        }

        Assert.NotEqual(before, events.LastId);
    }

    [Fact]
    public async Task It_ends_after_forMs()
    {
        using var events = await EventsClient.OpenAsync(api, $"queue={queue}&forMs=1000");

        api.Advance(1000);

        Assert.Null(await events.LineAsync());
    }

    [Theory]
    [InlineData("queue=UP", "queue")]
    [InlineData("type=nothing", "type")]
    [InlineData("forMs=0", "forMs")]
    [InlineData("forMs=900001", "forMs")]
    [InlineData("lastEventId=x", "lastEventId")]
    [InlineData("lastEventId=1,2,3,4", "lastEventId")]
    [InlineData("lastEventId=1-2-3", "lastEventId")]
    [InlineData("other=1", "other")]
    public async Task A_bad_parameter_is_answered_400(string query, string parameter) => await Api.AssertInvalidAsync(await api.GetAsync($"/events?{query}"), parameter);

    public sealed class OnEmbedded(EmbeddedEventsApi api) : WatchEventsTests(api), IClassFixture<EmbeddedEventsApi>;

    public sealed class OnRedis(RedisEventsApi api) : WatchEventsTests(api), IClassFixture<RedisEventsApi>;

    public sealed class InPartitions(PartitionedEventsApi api) : WatchEventsTests(api), IClassFixture<PartitionedEventsApi>;
}
