using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Telemetry;

/// <summary>What goes wrong at night shows in /metrics, sets off its alert and no other, and is explained.</summary>
public class IncidentTests(WatchedApi api) : IClassFixture<WatchedApi>
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public Task The_rules_are_valid() => Alerts.AssertValidAsync();

    [Fact]
    public async Task Where_all_is_well_nothing_fires()
    {
        await api.ScheduleAsync(queue);
        var before = await api.ScrapeAsync();
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");
        await api.ScheduleAsync(queue, "\"delayMs\":600000");

        await Alerts.AssertFiringAsync([(before, 10), (await api.ScrapeAsync(), 10)], queue);
    }

    [Fact]
    public async Task Workers_that_are_killed_show_as_leases_that_end_and_then_as_a_stuck_queue()
    {
        await api.BatchAsync(queue, 10);
        var before = await api.ScrapeAsync();
        await api.ClaimAsync(queue, "\"limit\":10,\"worker\":\"w-1\"");
        api.Advance(60_000);
        await api.ReapAsync();
        var ended = await api.ScrapeAsync();
        api.Advance(340_000);
        var stuck = await api.ScrapeAsync();

        Assert.Equal((10, 10), (ended["delayqueue_queue_events_total", $"queue={queue}", "event=lease_expired"], ended["delayqueue_queue_depth", $"queue={queue}", "state=ready"]));
        Assert.True(stuck["delayqueue_queue_oldest_ready_seconds", $"queue={queue}"] > 300);
        await Alerts.AssertFiringAsync([(before, 10), (ended, 7)], queue, $"DelayQueueLeasesExpire warning queue=\"{queue}\"");
        await Alerts.AssertFiringAsync([(before, 10), (ended, 12), (stuck, 7)], queue, $"DelayQueueStuck critical queue=\"{queue}\"");
        var explained = await ExplainAsync((await api.ListAsync(queue, "ready")).Jobs[0].Id);
        Assert.Contains("Nobody has asked for jobs of its queue for 400 s", explained.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_poisoned_queue_shows_as_dead_letters()
    {
        var poison = await api.ScheduleAsync(queue, "\"maxAttempts\":2");
        var before = await api.ScrapeAsync();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"errorType\":\"Boom\",\"delayMs\":0");
        }

        var after = await api.ScrapeAsync();

        Assert.Equal((1, 1), (after["delayqueue_queue_depth", $"queue={queue}", "state=dead"], after["delayqueue_queue_events_total", $"queue={queue}", "event=died"]));
        await Alerts.AssertFiringAsync([(before, 10), (after, 5)], queue, $"DelayQueueDeadLetters warning queue=\"{queue}\"");
        Assert.Contains("all 2 attempts have failed", (await ExplainAsync(poison.Id)).Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_few_workers_show_as_lateness()
    {
        await api.BatchAsync(queue, 20);
        await api.ClaimOneAsync(queue);
        var before = await api.ScrapeAsync();
        api.Advance(20_000);
        await api.ClaimAsync(queue, "\"limit\":19");

        await Alerts.AssertFiringAsync([(before, 10), (await api.ScrapeAsync(), 2), (await LaterAsync(), 5)], queue, $"DelayQueueLate warning queue=\"{queue}\"");

        async Task<Scrape> LaterAsync()
        {
            await api.BatchAsync(queue, 5);
            api.Advance(20_000);
            await api.ClaimAsync(queue, "\"limit\":5");
            return await api.ScrapeAsync();
        }
    }

    [Fact]
    public async Task A_paused_queue_is_not_called_stuck_and_is_told_after_an_hour()
    {
        await api.ScheduleAsync(queue);
        await api.PostAsync($"/queues/{queue}/pause", "");
        api.Advance(3_700_000);
        var paused = await api.ScrapeAsync();

        await Alerts.AssertFiringAsync([(paused, 30)], queue);
        await Alerts.AssertFiringAsync([(paused, 70)], queue, $"DelayQueuePaused warning queue=\"{queue}\"");
    }

    private async Task<ExplainJob.Response> ExplainAsync(string id) => await Api.ReadAsync(await api.GetAsync($"/jobs/{id}/explain"), WireJson.Default.ExplainJobResponse);
}

/// <summary>Incidents of Redis itself, on one of their own.</summary>
public sealed class StoreIncidentTests : IAsyncLifetime
{
    private readonly RedisEngine redis = new();
    private readonly string queue = Api.NewQueue();
    private WatchedApi? api;

    private WatchedApi Service => api!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("DELAYQUEUE_TEST_REDIS") is not null, "The Redis of all tests is not to be filled.");
        await redis.InitializeAsync();
        api = new WatchedApi(redis);
        await api.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (api is not null)
        {
            await api.DisposeAsync();
            await redis.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_full_Redis_shows_in_its_memory_and_in_errors_while_work_goes_on()
    {
        await Service.ScheduleAsync(queue);
        var before = await Service.ScrapeAsync();
        await (await StoreAsync()).ExecuteAsync("CONFIG", "SET", "maxmemory", "1mb");
        var refused = await RefusedAsync(1);
        var more = await RefusedAsync(60);

        Assert.True(more["delayqueue_store_memory_used_bytes"] / more["delayqueue_store_memory_limit_bytes"] > 0.9);
        Assert.Equal(61, more["delayqueue_store_errors_total", "error_type=oom", "applied=no"]);
        await Alerts.AssertFiringAsync(
            [(before, 10), (refused, 3), (more, 4)], queue, "DelayQueueStoreErrors critical error_type=\"oom\"", "DelayQueueStoreFull critical");
        var leased = await Service.ClaimOneAsync(queue);
        var cancelled = Service.CancelAsync(leased.Id, "?wait=60000");
        await Api.UntilAsync(() => Service.Service<JobEnds>().Waiting > 0 || cancelled.IsCompleted);
        await Service.SettleAsync(leased, "ack");
        Assert.Equal(HttpStatusCode.NoContent, (await cancelled).StatusCode);
    }

    [Fact]
    public async Task A_Redis_that_is_gone_shows_as_no_instance_that_is_ready()
    {
        await Service.ScheduleAsync(queue);
        var before = await Service.ScrapeAsync();
        await (await StoreAsync()).ExecuteAsync("SHUTDOWN", ["NOSAVE"], CommandFlags.FireAndForget);
        await Service.GetAsync($"/queues/{queue}");
        var gone = await Service.ScrapeAsync();

        Assert.Equal((1, 0, null), (before["delayqueue_store_up"], gone["delayqueue_store_up"], gone["delayqueue_queue_depth"]));
        Assert.True(gone["delayqueue_store_errors_total"] > 0);
        await Alerts.AssertFiringAsync([(before, 10), (gone, 2)], queue, "DelayQueueDown critical");
    }

    private async Task<IServer> StoreAsync() => (await Service.Service<StoreConnection>().ServersAsync(Service.Service<Partitions>())).Single();

    private async Task<Scrape> RefusedAsync(int times)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Service.PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1}""")).StatusCode);
        }

        return await Service.ScrapeAsync();
    }
}
