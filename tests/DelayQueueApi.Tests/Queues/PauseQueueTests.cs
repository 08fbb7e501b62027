using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Leases;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

public abstract class PauseQueueTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Claims_get_nothing_from_a_paused_queue_and_go_on_to_the_next_one()
    {
        var other = Api.NewQueue();
        await api.ScheduleAsync(queue);
        await PauseAsync();
        var second = await api.ScheduleAsync(queue);
        var elsewhere = await api.ScheduleAsync(other);

        var claimed = await Api.ReadAsync(
            await api.PostAsync("/jobs/claim", $$"""{"queues":["{{queue}}","{{other}}"],"limit":9}"""), WireJson.Default.ClaimJobsResponse);

        Assert.Equal([elsewhere.Id], claimed.Jobs.Select(job => job.Id));
        Assert.Equal((true, 2), ((await api.QueueAsync(queue)).Paused, (await api.QueueAsync(queue)).Ready));
        await ResumeAsync();
        Assert.False((await api.QueueAsync(queue)).Paused);
        Assert.Equal(second.Id, (await api.ClaimAsync(queue, "\"limit\":9"))[1].Id);
    }

    [Fact]
    public async Task Leased_jobs_of_a_paused_queue_can_be_settled_and_come_back_when_the_lease_ends()
    {
        for (var i = 0; i < 3; i++)
        {
            await api.ScheduleAsync(queue);
        }

        var held = await api.ClaimAsync(queue, "\"limit\":3");
        await PauseAsync();

        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(held[0], "ack")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await api.SettleAsync(held[1], "nack", "\"delayMs\":0")).StatusCode);
        Assert.Empty(await api.ClaimAsync(queue));
        api.Advance(30_000);
        await api.ReapAsync();

        Assert.Empty(await api.ClaimAsync(queue));
        Assert.Equal((2, 0), ((await api.QueueAsync(queue)).Ready, (await api.QueueAsync(queue)).Leased));
    }

    [Fact]
    public async Task Pausing_and_resuming_may_be_repeated_and_a_queue_may_be_paused_before_its_first_job()
    {
        await ResumeAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/queues/{queue}")).StatusCode);

        await PauseAsync();
        await PauseAsync();
        var job = await api.ScheduleAsync(queue);
        Assert.Empty(await api.ClaimAsync(queue));
        await ResumeAsync();
        await ResumeAsync();

        Assert.Equal(job.Id, (await api.ClaimOneAsync(queue)).Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Waiting_claims_sleep_through_a_pause_and_wake_when_it_ends()
    {
        await PauseAsync();
        var waiting = Task.WhenAll(api.ClaimAsync(queue, "\"waitMs\":60000"), api.ClaimAsync(queue, "\"waitMs\":60000"));
        await Api.UntilAsync(() => api.Service<WaitingClaims>().Waiting == 2);
        string[] ids = [(await api.ScheduleAsync(queue)).Id, (await api.ScheduleAsync(queue)).Id];
        await Api.UntilAsync(() => api.Service<WaitingClaims>().Waiting == 2);
        Assert.False(waiting.IsCompleted);

        await ResumeAsync();

        Assert.Equal(ids, (await waiting).SelectMany(jobs => jobs).Select(job => job.Id).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("resume")]
    public async Task A_name_that_no_queue_can_have_is_refused(string call) =>
        await Api.AssertInvalidAsync(await api.PostAsync($"/queues/UPPER/{call}"), "queue");

    private async Task PauseAsync() => Assert.Equal(HttpStatusCode.NoContent, (await api.PostAsync($"/queues/{queue}/pause")).StatusCode);

    private async Task ResumeAsync() => Assert.Equal(HttpStatusCode.NoContent, (await api.PostAsync($"/queues/{queue}/resume")).StatusCode);

    public sealed class OnEmbedded(EmbeddedApi api) : PauseQueueTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : PauseQueueTests(api), IClassFixture<RedisApi>;
}
