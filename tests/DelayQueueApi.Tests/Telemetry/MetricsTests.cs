using System.Net;
using DelayQueueApi.Queues;
using DelayQueueApi.Telemetry;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Tests.Telemetry;

public class MetricsTests(WatchedApi api) : IClassFixture<WatchedApi>
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Jobs_are_counted_by_state()
    {
        await api.DeadAsync(queue);
        await api.LeasedAsync(queue);
        await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue, "\"delayMs\":60000");

        var scrape = await api.ScrapeAsync();

        Assert.All(["scheduled", "ready", "leased", "dead"], state => Assert.Equal(1, scrape["delayqueue_queue_depth", $"queue={queue}", $"state={state}"]));
        Assert.Equal(0, scrape["delayqueue_queue_depth", $"queue={queue}", "state=completed"]);
    }

    [Fact]
    public async Task What_happens_to_jobs_is_counted_by_the_store()
    {
        await api.DeadAsync(queue);
        await api.SettleAsync(await api.LeasedAsync(queue), "ack");
        await api.SettleAsync(await api.LeasedAsync(queue), "release");
        await api.CancelAsync((await api.ClaimOneAsync(queue)).Id);
        await api.LeasedAsync(queue, claim: "\"leaseMs\":1000");
        api.Advance(60_000);
        await api.ReapAsync();

        var scrape = await api.ScrapeAsync();

        Assert.Equal(
            [("acked", 1), ("cancelled", 1), ("claimed", 5), ("created", 4), ("died", 1), ("expired", 0), ("lease_expired", 2), ("nacked", 1), ("purged", 0), ("redriven", 0), ("released", 1)],
            scrape.Samples.Where(series => series.Name == "delayqueue_queue_events_total" && series.Labels["queue"] == queue)
                .Select(series => (series.Labels["event"], (int)series.Value)).Order());
    }

    [Fact]
    public async Task Two_instances_tell_the_same_of_the_store_and_each_its_own_of_its_work()
    {
        using var other = api.AnotherInstance();
        await api.LeasedAsync(queue);

        var here = await api.ScrapeAsync();
        var there = new Scrape(await other.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken));

        Assert.All([here, there], scrape => Assert.Equal(1, scrape["delayqueue_queue_events_total", $"queue={queue}", "event=claimed"]));
        Assert.Equal(1, here["messaging_client_consumed_messages_total", $"messaging_destination_name={queue}"]);
        Assert.Null(there["messaging_client_consumed_messages_total", $"messaging_destination_name={queue}"]);
    }

    [Fact]
    public async Task Lateness_is_from_run_at_to_claim_and_wait_from_the_making()
    {
        await api.ScheduleAsync(queue, "\"delayMs\":5000");
        api.Advance(7_000);
        await api.ClaimOneAsync(queue);

        var scrape = await api.ScrapeAsync();

        Assert.Equal((2, 1), (scrape["delayqueue_job_lateness_seconds_sum", $"queue={queue}"], scrape["delayqueue_job_lateness_seconds_count", $"queue={queue}"]));
        Assert.Equal((7, 1), (scrape["delayqueue_job_wait_seconds_sum", $"queue={queue}"], scrape["delayqueue_job_wait_seconds_count", $"queue={queue}"]));
    }

    [Fact]
    public async Task A_claim_that_is_repeated_counts_once()
    {
        await api.ScheduleAsync(queue);
        await api.ClaimOneAsync(queue, $"\"claimId\":\"{queue}\"");
        api.Advance(1_000);
        await api.ClaimOneAsync(queue, $"\"claimId\":\"{queue}\"");

        var scrape = await api.ScrapeAsync();

        Assert.Equal(1, scrape["messaging_client_consumed_messages_total", $"messaging_destination_name={queue}"]);
        Assert.Equal((0, 1), (scrape["delayqueue_job_lateness_seconds_sum", $"queue={queue}"], scrape["delayqueue_job_lateness_seconds_count", $"queue={queue}"]));
    }

    [Fact]
    public async Task A_job_waits_for_its_first_claim_only()
    {
        await api.SettleAsync(await api.LeasedAsync(queue), "nack", "\"dead\":true");
        api.Advance(604_800_000);
        await api.PostAsync($"/queues/{queue}/redrive", "");
        await api.ClaimOneAsync(queue);

        var scrape = await api.ScrapeAsync();

        Assert.Equal((2, 1), (scrape["delayqueue_job_lateness_seconds_count", $"queue={queue}"], scrape["delayqueue_job_wait_seconds_count", $"queue={queue}"]));
    }

    [Theory]
    [InlineData("ack")]
    [InlineData("nack")]
    [InlineData("release")]
    public async Task Run_time_is_from_the_claim_to_the_end_of_the_attempt_and_repeated_calls_do_not_count(string call)
    {
        var job = await api.LeasedAsync(queue);
        api.Advance(3_000);
        await api.SettleAsync(job, call);
        await api.SettleAsync(job, call);

        var scrape = await api.ScrapeAsync();

        string[] labels = [$"messaging_destination_name={queue}", $"messaging_operation_name={call}", "messaging_system=delayqueue"];
        Assert.Equal((3, 1), (scrape["messaging_process_duration_seconds_sum", labels], scrape["messaging_process_duration_seconds_count", labels]));
    }

    [Fact]
    public async Task Jobs_that_are_refused_or_were_there_already_leave_run_times_alone()
    {
        await api.PutAsync($"/queues/{queue}", "{\"maxLength\":1}");
        await api.PostWithKeyAsync(queue, $$"""{"queue":"{{queue}}","payload":1}""");
        api.Advance(60_000);
        var job = await api.ClaimOneAsync(queue);
        api.Advance(3_000);
        await api.PostWithKeyAsync(queue, $$"""{"queue":"{{queue}}","payload":1}""");
        Assert.Equal(HttpStatusCode.TooManyRequests, (await api.PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1}""")).StatusCode);
        await api.SettleAsync(job, "ack");

        Assert.Equal(3, (await api.ScrapeAsync())["messaging_process_duration_seconds_sum", $"messaging_destination_name={queue}"]);
    }

    [Fact]
    public async Task Batches_and_follow_ups_are_sent_messages_and_replays_are_not()
    {
        await api.BatchAsync(queue, 10);
        await api.PostWithKeyAsync(queue, $$"""{"queue":"{{queue}}","payload":1}""");
        await api.PostWithKeyAsync(queue, $$"""{"queue":"{{queue}}","payload":1}""");
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack", $$"""
            "then":[{"queue":"{{queue}}","payload":2},{"queue":"{{queue}}","payload":3,"unique":{"key":"{{queue}}"} }]
            """);
        // Of these one is there already.
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack", $$"""
            "then":[{"queue":"{{queue}}","payload":3,"unique":{"key":"{{queue}}"} },{"queue":"{{queue}}","payload":4}]
            """);

        Assert.Equal(14, (await api.ScrapeAsync())["messaging_client_sent_messages_total", $"messaging_destination_name={queue}"]);
    }

    [Fact]
    public async Task The_oldest_ready_job_and_a_pause_show()
    {
        await api.ScheduleAsync(queue);
        await api.PostAsync($"/queues/{queue}/pause", "");
        api.Advance(90_000);

        var scrape = await api.ScrapeAsync();

        Assert.Equal((90, 1), (scrape["delayqueue_queue_oldest_ready_seconds", $"queue={queue}"], scrape["delayqueue_queue_paused", $"queue={queue}"]));
    }

    [Fact]
    public async Task Claims_that_wait_show()
    {
        var waiting = await api.WaitAsync(queue);

        Assert.Equal(api.Waiting, (await api.ScrapeAsync())["delayqueue_claims_waiting"]);

        await api.ScheduleAsync(queue);
        await waiting;
    }

    [Fact]
    public async Task Script_calls_and_requests_are_timed()
    {
        await api.BatchAsync(queue, 50);

        var scrape = await api.ScrapeAsync();

        Assert.True(scrape["delayqueue_script_duration_seconds_count", "script=ScheduleJob"] > 0);
        Assert.True(scrape["delayqueue_script_operations_sum", "script=ScheduleJob"] >= 50);
        Assert.True(scrape["http_server_request_duration_seconds_count", "http_route=/jobs/batch", "http_response_status_code=200"] > 0);
    }
}

public class QueueReadingsTests(RedisApi api) : IClassFixture<RedisApi>
{
    [Fact]
    public async Task The_queues_are_read_once_in_five_seconds_however_many_scrape()
    {
        var queue = Api.NewQueue();
        await ScrapeAsync();
        var before = api.Scripts;

        await api.ScheduleAsync(queue);
        var early = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ScrapeAsync()));
        var scripts = api.Scripts - before;
        api.Advance(5_000);
        var late = await ScrapeAsync();

        Assert.Equal(1, scripts);
        Assert.All(early, scrape => Assert.Null(scrape["delayqueue_queue_depth", $"queue={queue}"]));
        Assert.Equal(1, late["delayqueue_queue_depth", $"queue={queue}"]);
    }

    private async Task<Scrape> ScrapeAsync() => new(await api.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken));
}

public class QueueLabelsTests(FewLabelsApi api) : IClassFixture<FewLabelsApi>
{
    [Fact]
    public async Task Queues_beyond_the_limit_are_told_together_and_a_deleted_one_takes_nothing_back()
    {
        var queues = Enumerable.Range(0, 5).Select(_ => Api.NewQueue()).ToArray();
        await api.BatchAsync(queues[0], 30);
        await api.BatchAsync(queues[1], 20);
        await api.BatchAsync(queues[2], 3);
        await api.BatchAsync(queues[3], 2);
        await api.BatchAsync("other", 1);

        var before = await api.ScrapeAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync($"/queues/{queues[2]}?force=true")).StatusCode);
        var after = await api.ScrapeAsync();

        Assert.Equal(["other", queues[0], queues[1]], before.Samples.Where(series => series.Name == "delayqueue_queue_paused").Select(series => series.Labels["queue"]).Order());
        Assert.Equal((6, 6), (before["delayqueue_queue_depth", "queue=other", "state=ready"], before["delayqueue_queue_events_total", "queue=other", "event=created"]));
        Assert.Equal((3, 6), (after["delayqueue_queue_depth", "queue=other", "state=ready"], after["delayqueue_queue_events_total", "queue=other", "event=created"]));
        Assert.Equal((5, 4), (before["delayqueue_queues"], after["delayqueue_queues"]));
    }

    [Fact]
    public void Queues_of_one_name_in_two_namespaces_are_two()
    {
        var totals = new QueueTotals(new QueueLabels(Options.Create(new TelemetryOptions { QueueLabels = 0 })));
        QueueCounts[] queues = [Counts("a", 1_000), Counts("b", 10)];

        var readings = Enumerable.Range(0, 3).Select(_ => Assert.Single(totals.Read(queues)).Events[0]).ToArray();

        Assert.Equal([1_010, 1_010, 1_010], readings);

        static QueueCounts Counts(string space, long created) => new(
            new QueueName("mail", space), DateTimeOffset.UnixEpoch, 0, 0, 0, 0, 0, 0, null, false,
            QueueTotals.Events.ToDictionary(each => each.Field, each => each.Field == "created" ? created : 0), null!, [], null!);
    }
}
