using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Leases;
using DelayQueueApi.Queues;
using DelayQueueApi.Reaping;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace DelayQueueApi.Tests.Queues;

/// <summary>Redrives at a rate.</summary>
public abstract class RedriveTaskTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    private RedriveRun Redrive => new(api, queue);

    [Fact]
    public async Task A_redrive_at_a_rate_is_accepted_and_tells_how_far_it_is()
    {
        var dead = await api.DeadAsync(queue, 3);
        var began = api.Clock.GetUtcNow();

        var answer = await api.PostAsync($"/queues/{queue}/redrive", "{\"ratePerSecond\":1}");

        var expected = new RedriveTask(queue, RedriveState.Running, 1, 0, 0, 0, began);
        Assert.Equal(expected, await Api.ReadAsync(answer, WireJson.Default.RedriveTask, HttpStatusCode.Accepted));
        Assert.Equal($"/queues/{queue}/redrive", answer.Headers.Location?.ToString());
        Assert.Equal(expected, await Redrive.TaskAsync());
        await api.ReapAsync();
        Assert.Equal(expected with { Examined = 1, Matched = 1, Redriven = 1 }, await Redrive.TaskAsync());
        await Redrive.PassAsync(1000);
        await Redrive.PassAsync(1000);
        Assert.Equal(new RedriveTask(queue, RedriveState.Done, 1, 3, 3, 3, began, began.AddSeconds(2)), await Redrive.TaskAsync());
        Assert.Equal(dead, (await api.ClaimAsync(queue, "\"limit\":9")).Select(job => job.Id));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task One_that_is_cancelled_goes_no_further_and_another_may_be_started()
    {
        await api.DeadAsync(queue, 4);
        await Redrive.StartAsync("\"ratePerSecond\":1");
        await api.ReapAsync();
        api.Advance(500);

        var cancelled = await Api.ReadAsync(await Redrive.CancelAsync(), WireJson.Default.RedriveTask);
        await Redrive.PassAsync(60_000);

        Assert.Equal((RedriveState.Cancelled, 1, cancelled.StartedAt.AddMilliseconds(500)), (cancelled.State, cancelled.Redriven, cancelled.FinishedAt!.Value));
        Assert.Equal(cancelled, await Redrive.TaskAsync());
        Assert.Equal(cancelled, await Api.ReadAsync(await Redrive.CancelAsync(), WireJson.Default.RedriveTask));
        Assert.Equal(3, (await api.QueueAsync(queue)).Dead);
        await Redrive.StartAsync("\"ratePerSecond\":1000");
        await Redrive.RunAsync();
        Assert.Equal((RedriveState.Done, 3), await Redrive.TaskAsync() is var task ? (task.State, task.Redriven) : default);
    }

    [Fact]
    public async Task A_second_one_is_refused_while_one_is_running_and_taken_when_it_is_done()
    {
        await api.DeadAsync(queue, 2);
        await Redrive.StartAsync("\"ratePerSecond\":1");

        await Api.AssertProblemAsync(await api.PostAsync($"/queues/{queue}/redrive", "{\"ratePerSecond\":9}"), HttpStatusCode.Conflict, "redrive-running");

        await Redrive.RunAsync();
        Assert.Equal((1, RedriveState.Done), await Redrive.TaskAsync() is var task ? (task.RatePerSecond, task.State) : default);
        await Redrive.StartAsync("\"ratePerSecond\":9");
        await api.ReapAsync();
        Assert.Equal((RedriveState.Done, 0), await Redrive.TaskAsync() is var empty ? (empty.State, empty.Matched) : default);
    }

    [Fact]
    public async Task Of_starts_at_the_same_time_one_is_taken()
    {
        await api.DeadAsync(queue, 2);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.PostAsync($"/queues/{queue}/redrive", "{\"ratePerSecond\":1}")));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Accepted);
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Another_instance_goes_on_with_it_and_two_together_keep_the_rate()
    {
        await api.DeadAsync(queue, 8);
        await Redrive.StartAsync("\"ratePerSecond\":10");
        await api.ReapAsync();
        using var other = api.AnotherInstance();
        var reaper = new Reaper(new ReapStore(api.Service<ScriptRunner>(), api.Service<JobEvents>()), api.Service<Partitions>(), api.Service<Wakeups>(), api.Clock, NullLogger<Reaper>.Instance);

        api.Advance(100);
        await reaper.RunOnceAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, (await Api.ReadAsync(await other.GetAsync($"/queues/{queue}/redrive", TestContext.Current.CancellationToken), WireJson.Default.RedriveTask)).Redriven);
        for (var i = 3; i <= 8; i++)
        {
            api.Advance(100);
            await Task.WhenAll(Enumerable.Range(0, 8).Select(each => each % 2 == 0 ? api.ReapAsync() : reaper.RunOnceAsync(TestContext.Current.CancellationToken)));
            Assert.Equal(i, await Redrive.RedrivenAsync());
        }

        Assert.Equal(8, (await api.QueueAsync(queue)).Ready);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_waiting_claim_gets_a_job_that_is_redriven_at_a_rate()
    {
        var dead = await api.DeadAsync(queue);
        var waiting = await api.WaitAsync(queue);
        await Redrive.StartAsync("\"ratePerSecond\":1");

        await api.ReapAsync();

        Assert.Equal(dead, (await waiting).Select(job => job.Id));
    }

    [Theory]
    [InlineData("\"ratePerSecond\":0")]
    [InlineData("\"ratePerSecond\":1001")]
    [InlineData("\"ratePerSecond\":1.5")]
    [InlineData("\"ratePerSecond\":1,\"dryRun\":true")]
    [InlineData("\"ratePerSecond\":1,\"ids\":[\"x\"]")]
    public async Task A_rate_that_is_not_valid_starts_nothing(string fields)
    {
        await api.DeadAsync(queue);

        await Api.AssertInvalidAsync(await api.PostAsync($"/queues/{queue}/redrive", $"{{{fields}}}"), "ratePerSecond");

        await Api.AssertProblemAsync(await api.GetAsync($"/queues/{queue}/redrive"), HttpStatusCode.NotFound, "redrive-not-found");
    }

    [Fact]
    public async Task What_was_never_started_is_not_found()
    {
        await api.DeadAsync(queue);
        foreach (var name in (string[])[queue, Api.NewQueue(), "UPPER"])
        {
            await Api.AssertProblemAsync(await api.GetAsync($"/queues/{name}/redrive"), HttpStatusCode.NotFound, "redrive-not-found");
            await Api.AssertProblemAsync(await api.DeleteAsync($"/queues/{name}/redrive"), HttpStatusCode.NotFound, "redrive-not-found");
        }

        await Api.AssertProblemAsync(await api.PostAsync("/queues/never-used/redrive", "{\"ratePerSecond\":1}"), HttpStatusCode.NotFound, "queue-not-found");
    }

    public sealed class OnEmbedded(EmbeddedApi api) : RedriveTaskTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : RedriveTaskTests(api), IClassFixture<RedisApi>;
}
