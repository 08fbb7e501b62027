using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Leases;

public abstract class FollowUpKeysTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Two_follow_ups_cannot_share_a_unique_key_of_the_default_queue_though_only_one_names_it()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);

        var answer = await api.SettleAsync(job, "ack", $$"""
            "then":[{"payload":1,"unique":{"key":"{{queue}}"} },{"queue":"default","payload":2,"unique":{"key":"{{queue}}"} }]
            """);

        await Api.AssertInvalidAsync(answer, "then[1].unique");
        Assert.Equal(1, (await api.QueueAsync(queue)).Leased);
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : FollowUpKeysTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : FollowUpKeysTests(api), IClassFixture<RedisApi>;
}
