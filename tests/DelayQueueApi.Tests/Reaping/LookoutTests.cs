using DelayQueueApi.Reaping;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Reaping;

/// <summary>With the reaper and the scheduler at work, as in life.</summary>
public abstract class LookoutTests(Api api) : IAsyncLifetime
{
    private readonly string queue = Api.NewQueue();

    public async ValueTask InitializeAsync() => await api.StartLoopsAsync();

    public async ValueTask DisposeAsync()
    {
        await api.StopLoopsAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_job_is_claimed_once_however_many_claims_wait()
    {
        var waiting = await api.WaitAsync(Enumerable.Repeat(queue, 20));
        var before = api.Scripts;

        var job = await api.ScheduleAsync(queue);

        Assert.Equal(job.Id, Assert.Single(await await Task.WhenAny(waiting)).Id);
        await api.AskAsync();
        Assert.Equal(before + 3, api.Scripts);
        api.Advance(60_000);
        await Task.WhenAll(waiting);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(500)]
    public async Task One_look_finds_what_lost_hints_would_have_told_of_many_queues(int delayMs)
    {
        var queues = Enumerable.Range(0, LookoutStore.MaxQueues + 1).Select(_ => Api.NewQueue()).ToArray();
        var waiting = await api.WaitAsync(queues);
        var unannounced = await Task.WhenAll(queues.Select(each => api.ScheduleUnannouncedAsync(each, delayMs)));

        await api.Service<Lookout>().RunOnceAsync(TestContext.Current.CancellationToken);
        api.Advance(delayMs);

        Assert.Equal(unannounced, (await Task.WhenAll(waiting)).Select(claimed => Assert.Single(claimed).Id));
    }

    [Fact]
    public async Task A_look_leaves_claims_alone_that_wait_for_a_paused_queue()
    {
        await api.ScheduleAsync(queue);
        await api.PostAsync($"/queues/{queue}/pause");
        var waiting = await api.WaitAsync([queue]);
        var before = api.Scripts;

        await api.Service<Lookout>().RunOnceAsync(TestContext.Current.CancellationToken);
        await api.AskAsync();

        Assert.Equal(before + 2, api.Scripts);
        api.Advance(60_000);
        Assert.Empty(await waiting[0]);
    }

    [Fact]
    public async Task A_waiting_claim_gets_a_job_whose_lease_began_unseen_when_it_ends()
    {
        var waiting = await api.WaitAsync([queue]);
        var job = await api.ScheduleUnannouncedAsync(queue);
        using var other = api.AnotherInstance();
        using var body = Api.Content(System.Text.Encoding.UTF8.GetBytes($$"""{"queues":["{{queue}}"],"leaseMs":1000}"""), "application/json");
        Assert.Contains(job, await (await other.PostAsync(new Uri("/jobs/claim", UriKind.Relative), body)).Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await api.AdvanceUntilAsync(waiting[0], 1000);

        Assert.Equal((job, 2), Assert.Single(await waiting[0]) is var claimed ? (claimed.Id, claimed.Attempt) : default);
    }

    [Fact]
    public async Task A_schedule_that_another_instance_has_set_fires_here()
    {
        var waiting = await api.WaitAsync([queue]);
        using var other = api.AnotherInstance();
        using var body = Api.Content(System.Text.Encoding.UTF8.GetBytes($$"""{"intervalMs":5000,"job":{"queue":"{{queue}}","payload":1} }"""), "application/json");
        Assert.True((await other.PutAsync(new Uri($"/schedules/{queue}", UriKind.Relative), body)).IsSuccessStatusCode);

        await api.AdvanceUntilAsync(waiting[0], 5000);

        Assert.Equal(queue, Assert.Single(await waiting[0]).Metadata!["schedule"]);
        await api.DeleteAsync($"/schedules/{queue}");
    }

    public sealed class OnEmbedded(EmbeddedApi api) : LookoutTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : LookoutTests(api), IClassFixture<RedisApi>;
}
