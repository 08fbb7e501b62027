using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

/// <summary>Rates are counted in ticks of 15 s; each test begins at one.</summary>
public abstract class QueueActivityTests(Api api)
{
    private const int TickMs = 15_000;

    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Rates_are_over_one_and_five_minutes_to_a_tick()
    {
        ToNextTick();
        await api.BatchAsync(queue, 30);

        Assert.Equal((0.5, 0.1), await CreatedAsync());
        api.Advance(60_000);
        Assert.Equal((0.5, 0.1), await CreatedAsync());
        api.Advance(14_999);
        Assert.Equal((0.4, 0.1), await CreatedAsync());
        api.Advance(1);
        Assert.Equal((0, 0.1), await CreatedAsync());
        api.Advance(225_000);
        Assert.Equal((0, 0.1), await CreatedAsync());
        api.Advance(14_999);
        Assert.Equal((0, 0.095), await CreatedAsync());
        api.Advance(1);
        Assert.Equal((0, 0), await CreatedAsync());
    }

    [Fact]
    public async Task Each_rate_counts_its_own()
    {
        ToNextTick();
        await api.BatchAsync(queue, 24);
        var jobs = await api.ClaimAsync(queue, "\"limit\":18,\"leaseMs\":1000");
        foreach (var (job, i) in jobs.Select((job, i) => (job, i)))
        {
            _ = i < 9 ? await api.SettleAsync(job, "ack") : i < 15 ? await api.SettleAsync(job, "nack") : null;
        }

        api.Advance(1000);
        await api.ReapAsync();

        var rates = (await api.QueueAsync(queue)).Rates;
        Assert.Equal(new QueueRates(new Rates(0.4, 0.3, 0.15, 0.1, 0.05), new Rates(0.08, 0.06, 0.03, 0.02, 0.01)), rates);
    }

    [Fact]
    public async Task A_burst_of_long_ago_does_not_count()
    {
        ToNextTick();
        await api.BatchAsync(queue, 500);
        api.Advance(600_000);

        await api.BatchAsync(queue, 6);

        Assert.Equal((0.1, 0.02), await CreatedAsync());
    }

    [Fact]
    public async Task A_burst_of_two_minutes_ago_counts_over_five_minutes_alone()
    {
        ToNextTick();
        await api.BatchAsync(queue, 300);
        api.Advance(120_000);

        await api.BatchAsync(queue, 6);

        Assert.Equal((0.1, 1.02), await CreatedAsync());
    }

    [Fact]
    public async Task A_steady_stream_has_its_rate()
    {
        ToNextTick();
        for (var second = 0; second < 420; second++)
        {
            await api.ScheduleAsync(queue);
            api.Advance(1000);
            if (second % 60 == 29 && second > 300)
            {
                Assert.Equal((1, 1), await CreatedAsync());
            }
        }

        Assert.Equal((1, 1), await CreatedAsync());
    }

    [Fact]
    public async Task A_queue_that_is_set_and_never_used_has_no_rates()
    {
        await api.SetQueueAsync(queue, "\"leaseMs\":5000");

        var none = new Rates(0, 0, 0, 0, 0);
        Assert.Equal(new QueueRates(none, none), (await api.QueueAsync(queue)).Rates);
    }

    [Fact]
    public async Task Workers_are_shown_the_newest_first_by_the_names_that_they_give()
    {
        await api.ScheduleAsync(queue);
        var began = api.Clock.GetUtcNow();
        await api.ClaimOneAsync(queue, "\"worker\":\"alice\"");
        api.Advance(1000);
        await api.ClaimAsync(queue);
        api.Advance(1000);
        await api.ClaimAsync(queue, "\"worker\":\"bøb\"");

        var seen = await WorkersAsync();
        api.Advance(4000);
        await api.ClaimAsync(queue, "\"worker\":\"alice\"");
        var later = await WorkersAsync();

        Assert.Equal([new(began.AddSeconds(2), "bøb"), new(began.AddSeconds(1)), new(began, "alice")], seen);
        Assert.Equal([new(began.AddSeconds(6), "alice"), new(began.AddSeconds(2), "bøb"), new(began.AddSeconds(1))], later);
    }

    [Fact]
    public async Task A_worker_that_has_not_asked_for_70_s_is_not_shown_any_more()
    {
        await api.SetQueueAsync(queue, "");
        await api.ClaimAsync(queue, "\"worker\":\"alice\"");
        api.Advance(30_000);
        await api.ClaimAsync(queue, "\"worker\":\"bob\"");
        api.Advance(40_000);
        Assert.Equal(["bob", "alice"], (await WorkersAsync()).Select(worker => worker.Worker));

        api.Advance(1);

        Assert.Equal(["bob"], (await WorkersAsync()).Select(worker => worker.Worker));
    }

    [Fact]
    public async Task A_worker_that_asks_again_and_again_stays_to_some_5_seconds()
    {
        await api.SetQueueAsync(queue, "");
        for (var i = 0; i < 100; i++)
        {
            await api.ClaimAsync(queue, "\"worker\":\"alice\"");
            Assert.InRange((api.Clock.GetUtcNow() - Assert.Single(await WorkersAsync()).SeenAt).TotalMilliseconds, 0, 5000);
            api.Advance(1000);
        }
    }

    [Fact]
    public async Task Of_more_than_100_workers_the_newest_are_shown()
    {
        await api.SetQueueAsync(queue, "");
        for (var i = 0; i < 120; i++)
        {
            await api.ClaimAsync(queue, $"\"worker\":\"{i}{new string('w', 120)}\"");
            api.Advance(1);
        }

        Assert.Equal(Enumerable.Range(20, 100).Reverse().Select(i => $"{i}{new string('w', 120)}"), (await WorkersAsync()).Select(worker => worker.Worker));
    }

    [Fact]
    public async Task A_claim_over_several_queues_is_seen_in_each_that_is_there_and_makes_none()
    {
        var (second, missing) = (Api.NewQueue(), Api.NewQueue());
        await api.ScheduleAsync(queue);
        await api.SetQueueAsync(second, "\"paused\":true");

        await api.PostAsync("/jobs/claim", $$"""{"queues":["{{queue}}","{{missing}}","{{second}}"],"worker":"alice"}""");

        Assert.Equal(("alice", "alice"), (Assert.Single(await WorkersAsync()).Worker, Assert.Single((await api.QueueAsync(second)).Workers).Worker));
        await Api.AssertProblemAsync(await api.GetAsync($"/queues/{missing}"), HttpStatusCode.NotFound, "queue-not-found");
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Polls_of_a_queue_that_is_not_there_leave_no_trace_of_it()
    {
        await api.ClaimAsync(queue, "\"worker\":\"alice\"");
        api.Advance(5000);
        await api.ScheduleAsync(queue);

        Assert.Empty(await WorkersAsync());
        await api.ClaimOneAsync(queue, "\"worker\":\"alice\"");
        Assert.Equal("alice", Assert.Single(await WorkersAsync()).Worker);
    }

    [Fact]
    public async Task A_waiting_job_tells_how_long_nobody_has_asked_for_its_queue()
    {
        var job = await api.ScheduleAsync(queue);
        var never = await ExplainAsync(job.Id);
        await api.SetQueueAsync(queue, "\"paused\":true");
        await api.ClaimAsync(queue, "\"worker\":\"alice\"");
        var now = await ExplainAsync(job.Id);
        api.Advance(700_000);

        var later = await ExplainAsync(job.Id);

        Assert.Equal((null, 0, 700_000), (never.UnpolledMs, now.UnpolledMs, later.UnpolledMs));
        Assert.EndsWith(" Nobody has asked for jobs of its queue.", never.Why, StringComparison.Ordinal);
        Assert.EndsWith(" Nobody has asked for jobs of its queue for 700 s.", later.Why, StringComparison.Ordinal);
    }

    private void ToNextTick() => api.Advance(TickMs - (int)(api.Clock.GetUtcNow().ToUnixTimeMilliseconds() % TickMs));

    private async Task<(double OneMinute, double FiveMinutes)> CreatedAsync() =>
        (await api.QueueAsync(queue)).Rates is var rates ? (rates.OneMinute.Created, rates.FiveMinutes.Created) : default;

    private async Task<IReadOnlyList<SeenWorker>> WorkersAsync() => (await api.QueueAsync(queue)).Workers;

    private async Task<ExplainJob.Response> ExplainAsync(string id) =>
        await Api.ReadAsync(await api.GetAsync($"/jobs/{id}/explain"), WireJson.Default.ExplainJobResponse);

    public sealed class OnEmbedded(EmbeddedApi api) : QueueActivityTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : QueueActivityTests(api), IClassFixture<RedisApi>;
}
