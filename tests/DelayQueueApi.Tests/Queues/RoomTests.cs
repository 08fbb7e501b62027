using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

/// <summary>How many jobs a queue with a maxLength has, where one call makes some and ends others.</summary>
public abstract class RoomTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task A_job_takes_the_place_of_an_expired_one_that_had_its_unique_key()
    {
        await api.PutAsync($"/queues/{queue}", "{\"maxLength\":1}");
        await api.ScheduleAsync(queue, "\"ttlMs\":1000,\"unique\":{\"key\":\"k\"}");
        api.Advance(1000);

        var second = await api.ScheduleAsync(queue, "\"unique\":{\"key\":\"k\"}");

        Assert.Equal(second.Id, (await api.ClaimOneAsync(queue)).Id);
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Expired);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_follow_up_that_takes_the_place_of_another_job_leaves_room_for_the_next()
    {
        await api.PutAsync($"/queues/{queue}", "{\"maxLength\":2}");
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);
        await api.ScheduleAsync(queue, "\"unique\":{\"key\":\"k\"}");

        var answer = await api.SettleAsync(job, "ack", $$"""
            "then":[{"queue":"{{queue}}","payload":1,"unique":{"key":"k","onConflict":"replace"} },{"queue":"{{queue}}","payload":2}]
            """);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(2, (await api.QueueAsync(queue)).Ready);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Each_of_many_acks_in_a_full_queue_leaves_its_place_to_its_follow_up()
    {
        await api.PutAsync($"/queues/{queue}", "{\"maxLength\":50}");
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => api.ScheduleAsync(queue)));
        var acks = (await api.ClaimAsync(queue, "\"limit\":50")).Select(job =>
            $$"""{"id":"{{job.Id}}","leaseToken":"{{job.Lease.Token}}","then":[{"queue":"{{queue}}","payload":1}] }""");

        var answer = await api.PostAsync("/jobs/settle", $$"""{"acks":[{{string.Join(',', acks)}}]}""");

        Assert.All((await Api.ReadAsync(answer, WireJson.Default.SettleJobsResponse)).Results, result => Assert.Equal(200, result.Status));
        Assert.Equal(50, (await api.QueueAsync(queue)).Ready);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_full_queue_takes_no_follow_up_beyond_the_place_of_the_acked_job()
    {
        await api.PutAsync($"/queues/{queue}", "{\"maxLength\":1}");
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);
        var followUp = $$"""{"queue":"{{queue}}","payload":1}""";

        await Api.AssertProblemAsync(
            await api.SettleAsync(job, "ack", $"\"then\":[{followUp},{followUp}]"), HttpStatusCode.TooManyRequests, "queue-full");

        Assert.Equal(HttpStatusCode.OK, (await api.SettleAsync(job, "ack", $"\"then\":[{followUp}]")).StatusCode);
        Assert.Equal(1, (await api.QueueAsync(queue)).Ready);
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : RoomTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : RoomTests(api), IClassFixture<RedisApi>;
}
