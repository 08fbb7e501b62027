using System.Net;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>A service that remembers few keys, anew for each test: what others remember would push them out.</summary>
public abstract class ManyIdempotencyKeysTests(Api api) : IAsyncLifetime
{
    private const int Most = 10;

    private readonly string queue = Api.NewQueue();

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task Of_many_keys_the_newest_are_known_and_the_oldest_forgotten()
    {
        for (var i = 0; i < 95; i++)
        {
            await PostAsync(i);

            // Known ones are asked for with another body, which remembers nothing.
            Assert.All(await Task.WhenAll(Enumerable.Range(Math.Max(0, i - Most + 1), Math.Min(i + 1, Most)).Select(IsKnownAsync)), Assert.True);
        }

        Assert.Equal(HttpStatusCode.Created, (await PostAsync(0)).StatusCode);
        Assert.Equal(96, (await api.QueueAsync(queue)).Totals.Created);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task No_more_than_twice_as_many_are_held_however_many_come()
    {
        await api.BatchAsync(queue, 500, i => $",\"idempotencyKey\":\"{queue} {i}\"");
        await Task.WhenAll(Enumerable.Range(500, 100).Select(PostAsync));

        // Each generation also holds when it began.
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        var held = await Task.WhenAll(api.Service<Partitions>().First.Idempotency.Select(generation => database.HashLengthAsync(generation)));
        Assert.InRange(held.Sum() - 2, Most, 2 * Most);
        Assert.Equal(600, (await api.QueueAsync(queue)).Totals.Created);
    }

    [Fact]
    public async Task Keys_are_still_forgotten_by_time()
    {
        await PostAsync(0);
        api.Advance(86_400_000);

        Assert.Equal(HttpStatusCode.Created, (await PostAsync(0, "2")).StatusCode);
    }

    private Task<HttpResponseMessage> PostAsync(int number) => PostAsync(number, "1");

    private Task<HttpResponseMessage> PostAsync(int number, string payload) =>
        api.PostWithKeyAsync($"{queue} {number}", "{\"queue\":\"" + queue + "\",\"payload\":" + payload + "}");

    private async Task<bool> IsKnownAsync(int number) => (await PostAsync(number, "2")).StatusCode == HttpStatusCode.UnprocessableEntity;

    private sealed class ApiWithFewKeys(Engine engine) : Api(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Store:IdempotencyKeys"] = $"{Most}" };
    }

    public sealed class OnEmbedded(EmbeddedEngine engine) : ManyIdempotencyKeysTests(new ApiWithFewKeys(engine));

    public sealed class OnRedis(RedisEngine engine) : ManyIdempotencyKeysTests(new ApiWithFewKeys(engine));
}
