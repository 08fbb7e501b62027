using System.Net;
using DelayQueueApi.Events;
using DelayQueueApi.Tests.Hosting;
using DelayQueueApi.Tests.Security;
using Microsoft.Extensions.Hosting;

namespace DelayQueueApi.Tests.Events;

/// <summary>Nobody is told of queues that are not its own.</summary>
public sealed class HiddenEventsTests(KeyedEventsApi api) : IClassFixture<KeyedEventsApi>
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Another_queue_s_events_are_not_told_even_where_its_job_is_named()
    {
        var theirs = await api.ScheduleAsync(TestKeys.All, queue);
        using var all = await EventsClient.OpenAsync(api, "", key: TestKeys.Mine);
        using var named = await EventsClient.OpenAsync(api, $"job={theirs}&forMs=1000", key: TestKeys.Mine);
        await api.SendAsync(TestKeys.All, "DELETE", $"/jobs/{theirs}");
        await api.SendAsync(TestKeys.All, "POST", $"/queues/{queue}/pause");
        var mine = await api.ScheduleAsync(TestKeys.Mine, $"mine-{queue}");
        await api.SendAsync(TestKeys.Mine, "DELETE", $"/jobs/{mine}");

        Assert.Equal([mine, mine], (await all.TakeAsync(2)).Select(change => change.Job));
        api.Advance(1000);
        Assert.Null(await named.LineAsync());
    }

    [Fact]
    public async Task A_queue_of_the_same_name_in_another_namespace_is_another_one()
    {
        using var ours = await EventsClient.OpenAsync(api, $"queue={queue}", key: TestKeys.All);
        using var theirs = await EventsClient.OpenAsync(api, $"queue={queue}", key: TestKeys.Acme);
        var their = await api.ScheduleAsync(TestKeys.Acme, queue);
        var our = await api.ScheduleAsync(TestKeys.All, queue);

        Assert.Equal(our, Assert.Single(await ours.TakeAsync(1)).Job);
        var told = Assert.Single(await theirs.TakeAsync(1));
        Assert.Equal((their, queue), (told.Job, told.Queue));
    }

    [Fact]
    public async Task A_queue_that_the_key_may_not_use_is_refused() =>
        await Api.AssertProblemAsync(await api.SendAsync(TestKeys.Mine, "GET", $"/events?queue={queue}"), HttpStatusCode.Forbidden, "forbidden");
}

/// <summary>Where no events are kept, and where the service stops.</summary>
public sealed class NoEventsTests(EmbeddedApi api, EmbeddedEngine engine) : IClassFixture<EmbeddedApi>
{
    [Fact]
    public async Task Without_the_setting_nothing_is_kept_and_the_answer_names_it()
    {
        await api.ScheduleAsync(Api.NewQueue());

        var answer = await api.GetAsync("/events");

        await Api.AssertProblemAsync(answer, HttpStatusCode.Conflict, "events-off");
        Assert.Contains("Events:Kept", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var database = await api.Service<DelayQueueApi.Store.StoreConnection>().DatabaseAsync();
        Assert.False(await database.KeyExistsAsync(api.Service<DelayQueueApi.Store.Partitions>().First.Events));
    }

    [Fact]
    public async Task Streams_end_when_the_service_stops()
    {
        await using var own = new EmbeddedEventsApi(engine);
        await own.InitializeAsync();
        var feed = own.Service<EventFeed>();
        using var events = await EventsClient.OpenAsync(own, "");

        own.Service<IHostApplicationLifetime>().StopApplication();

        Assert.Null(await events.LineAsync());
        await Api.UntilAsync(() => feed.Readers == 0);
    }
}
