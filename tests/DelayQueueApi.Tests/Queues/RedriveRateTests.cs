using DelayQueueApi.Queues;
using DelayQueueApi.Reaping;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

/// <summary>What a redrive at a rate takes, and when.</summary>
public abstract class RedriveRateTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    private RedriveRun Redrive => new(api, queue);

    [Theory]
    [InlineData(1, 1, 1000)]
    [InlineData(10, 1, 100)]
    [InlineData(15, 2, 134)]
    [InlineData(100, 10, 100)]
    [InlineData(1000, 20, 20)]
    public async Task The_rate_is_held(int rate, int step, int everyMs)
    {
        await api.DeadAsync(queue, 3 * step);
        await Redrive.StartAsync($"\"ratePerSecond\":{rate}");
        for (var i = 1; i <= 3; i++)
        {
            await api.ReapAsync();
            Assert.Equal(i * step, await Redrive.RedrivenAsync());
            await Redrive.PassAsync(everyMs - 1);
            await api.ClaimAsync(queue);
            Assert.Equal(i * step, await Redrive.RedrivenAsync());
            api.Advance(1);
        }

        Assert.Equal(RedriveState.Done, (await Redrive.TaskAsync()).State);
    }

    [Fact]
    public async Task Time_that_nobody_reaps_in_is_not_made_up_for()
    {
        await api.DeadAsync(queue, 5);
        await Redrive.StartAsync("\"ratePerSecond\":10");
        await api.ReapAsync();

        await Redrive.PassAsync(60_000);

        Assert.Equal(2, await Redrive.RedrivenAsync());
    }

    [Fact]
    public async Task Jobs_that_are_not_meant_cost_no_time()
    {
        await api.DeadAsync(queue, 70);
        var meant = await api.DeadAsync(queue, 2, "Other");
        await api.DeadAsync(queue, 30);
        await Redrive.StartAsync("\"ratePerSecond\":1,\"errorType\":\"Other\"");

        await api.ReapAsync();
        Assert.Equal((71, 1), await Redrive.TaskAsync() is var task ? (task.Examined, task.Redriven) : default);
        await Redrive.PassAsync(999);
        Assert.Equal(1, await Redrive.RedrivenAsync());
        await Redrive.PassAsync(1);
        await Redrive.PassAsync(1000);

        Assert.Equal((RedriveState.Done, 102, 2, 2), await Redrive.TaskAsync() is var done ? (done.State, done.Examined, done.Matched, done.Redriven) : default);
        Assert.Equal(meant, (await api.ListAsync(queue, "ready")).Jobs.Select(job => job.Id));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Jobs_that_are_not_meant_are_passed_over_many_at_a_time_however_slow_the_rate()
    {
        await api.DeadAsync(queue, 15, "Other");
        await api.DeadAsync(queue, 1);
        await Redrive.StartAsync("\"ratePerSecond\":1,\"errorType\":\"Boom\"");

        await api.Service<ReapStore>().ReapAsync(api.Service<Partitions>().First, [$"default/{queue}"]);

        Assert.Equal((RedriveState.Done, 16, 1, 1), await Redrive.TaskAsync() is var task ? (task.State, task.Examined, task.Matched, task.Redriven) : default);
    }

    [Fact]
    public async Task All_filters_and_the_limit_hold()
    {
        await api.DeadAsync(queue, 1, fields: "\"metadata\":{\"k\":\"v\"}");
        api.Advance(10);
        var after = Now();
        await api.DeadAsync(queue, 1, "Other", "\"metadata\":{\"k\":\"v\"}");
        var meant = await api.DeadAsync(queue, 3, fields: "\"metadata\":{\"a\":\"b\",\"k\":\"v\"}");
        await api.DeadAsync(queue, 1, fields: "\"metadata\":{\"k\":\"w\"}");
        api.Advance(10);
        var before = Now();
        await api.DeadAsync(queue, 1, fields: "\"metadata\":{\"k\":\"v\"}");
        await Redrive.StartAsync($$"""
            "ratePerSecond":1000,"errorType":"Boom","metadata":{"k":"v"},"diedAfter":"{{after}}","diedBefore":"{{before}}","limit":2
            """);

        await Redrive.RunAsync();

        Assert.Equal((RedriveState.Done, 2, 2), await Redrive.TaskAsync() is var task ? (task.State, task.Matched, task.Redriven) : default);
        Assert.Equal(meant[..2], (await api.ListAsync(queue, "ready")).Jobs.Select(job => job.Id));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Jobs_that_die_after_it_has_begun_stay_dead()
    {
        var first = await api.DeadAsync(queue, 3);
        await Redrive.StartAsync("\"ratePerSecond\":10");
        await api.ReapAsync();
        api.Advance(1);
        var again = await api.ClaimOneAsync(queue);
        await api.SettleAsync(again, "nack", "\"dead\":true");
        var late = await api.DeadAsync(queue, 2);

        await Redrive.RunAsync();

        Assert.Equal(first[0], again.Id);
        Assert.Equal([first[0], .. late], (await api.ListAsync(queue, "dead")).Jobs.Select(job => job.Id));
        Assert.Equal((RedriveState.Done, 3), await Redrive.TaskAsync() is var task ? (task.State, task.Redriven) : default);
    }

    [Fact]
    public async Task Jobs_that_are_purged_or_redriven_otherwise_meanwhile_are_passed_over()
    {
        var dead = await api.DeadAsync(queue, 6);
        await Redrive.StartAsync("\"ratePerSecond\":10");
        await api.ReapAsync();
        await api.RedriveAsync(queue, $$"""{"ids":["{{dead[1]}}"]}""");
        await api.PostAsync($"/queues/{queue}/purge", $$"""{"state":"dead","ids":["{{dead[2]}}","{{dead[5]}}"]}""");

        await Redrive.RunAsync();

        Assert.Equal((RedriveState.Done, 3), await Redrive.TaskAsync() is var task ? (task.State, task.Redriven) : default);
        Assert.Equal((4, 0), ((await api.QueueAsync(queue)).Ready, (await api.QueueAsync(queue)).Dead));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_whose_unique_key_another_one_holds_stays_dead()
    {
        var dead = await api.DeadAsync(queue, 2, fields: "\"unique\":{\"key\":\"k\"}");
        await Redrive.StartAsync("\"ratePerSecond\":10");

        await Redrive.RunAsync();

        Assert.Equal((RedriveState.Done, 2, 1), await Redrive.TaskAsync() is var task ? (task.State, task.Matched, task.Redriven) : default);
        Assert.Equal([dead[1]], (await api.ListAsync(queue, "dead")).Jobs.Select(job => job.Id));
        await api.AssertSoundAsync();
    }

    private string Now() => api.Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    public sealed class OnEmbedded(EmbeddedApi api) : RedriveRateTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : RedriveRateTests(api), IClassFixture<RedisApi>;
}
