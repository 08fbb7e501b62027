using DelayQueueApi.Http;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Store;

/// <summary>
/// A job goes in the very write that makes what takes its place, and not by a deletion behind it: a kill of the embedded store between
/// the two would leave both. So its record is still there until the reaper comes, and says that it is gone.
/// </summary>
public abstract class OneWriteTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task An_acked_job_goes_in_the_write_of_its_follow_ups()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);

        await Api.ReadAsync(await api.SettleAsync(job, "ack", $$"""
            "then":[{"queue":"{{queue}}","payload":1}]
            """), WireJson.Default.AckJobResponse);

        await AssertGoneAsync(job.Id);
    }

    [Fact]
    public async Task A_replaced_job_goes_in_the_write_of_the_one_that_replaces_it()
    {
        var job = await api.ScheduleAsync(queue, "\"unique\":{\"key\":\"k\"}");

        await api.ScheduleAsync(queue, "\"unique\":{\"key\":\"k\",\"onConflict\":\"replace\"}");

        await AssertGoneAsync(job.Id);
    }

    [Fact]
    public async Task The_last_job_of_a_schedule_goes_in_the_write_of_the_one_that_replaces_it()
    {
        await api.PutAsync($"/schedules/{queue}", $$"""{"intervalMs":1000,"overlap":"replace","job":{"queue":"{{queue}}","payload":1} }""");
        api.Advance(1000);
        await api.FireAsync();
        var job = Assert.Single((await api.ListAsync(queue, "ready")).Jobs);

        api.Advance(1000);
        await api.FireAsync();

        await AssertGoneAsync(job.Id);
        await api.DeleteAsync($"/schedules/{queue}");
    }

    private async Task AssertGoneAsync(string id)
    {
        Assert.True(await IsStoredAsync(id));
        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{id}"), System.Net.HttpStatusCode.NotFound, "job-not-found");
        Assert.Empty((await api.ListAsync(queue, "expired")).Jobs);
        var counts = await api.QueueAsync(queue);
        Assert.Equal((1, 0), (counts.Ready, counts.Expired));
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();

        await api.ReapAsync();

        Assert.False(await IsStoredAsync(id));
        await api.AssertSoundAsync();
    }

    private async Task<bool> IsStoredAsync(string id) =>
        await (await api.Service<StoreConnection>().DatabaseAsync()).HashExistsAsync(api.Service<Partitions>().First.Jobs, Api.StoredId(id));

    public sealed class OnEmbedded(EmbeddedApi api) : OneWriteTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : OneWriteTests(api), IClassFixture<RedisApi>;
}
