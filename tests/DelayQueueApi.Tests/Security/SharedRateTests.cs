using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Security;

/// <summary>A caller has four requests at once and two a second, at whichever instance.</summary>
public abstract class SharedRateTests(Engine engine, int partitions) : IAsyncLifetime
{
    private readonly Limited api = new(engine, partitions);

    internal static IReadOnlyDictionary<string, string> Shared => new Dictionary<string, string>(TestKeys.Settings)
    {
        ["Limits:Rate:PerSecond"] = "2",
        ["Limits:Rate:Burst"] = "4",
        ["Limits:Rate:Shared"] = "true",
    };

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task Instances_share_it()
    {
        using var there = api.AnotherInstance();

        Assert.Equal("200 200 200", await AskAsync(api.Client, TestKeys.All, 3));
        Assert.Equal("200 429", await AskAsync(there, TestKeys.All, 2));
        Assert.Equal("429", await AskAsync(api.Client, TestKeys.All, 1));
        Assert.Equal("200", await AskAsync(there, TestKeys.Read, 1));

        api.Advance(500);
        Assert.Equal("200 429", await AskAsync(there, TestKeys.All, 2));
        Assert.Equal("429", await AskAsync(api.Client, TestKeys.All, 1));
    }

    [Fact]
    public async Task Requests_at_once_are_counted_one_by_one()
    {
        using var there = api.AnotherInstance();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => AskAsync(i % 2 == 0 ? api.Client : there, TestKeys.All, 1)));

        Assert.Equal(4, answers.Count(answer => answer == "200"));
    }

    [Fact]
    public async Task Every_answer_tells_what_is_left_at_all_of_them()
    {
        using var there = api.AnotherInstance();
        await AskAsync(there, TestKeys.All, 2);

        var answer = await api.SendAsync(TestKeys.All, "GET", "/queues");

        Assert.Equal("\"default\";r=1;t=2", Assert.Single(answer.Headers.GetValues("RateLimit")));
    }

    internal static async Task<string> AskAsync(HttpClient client, TestKey key, int times)
    {
        var statuses = new List<int>();
        for (var i = 0; i < times; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/queues");
            request.Headers.TryAddWithoutValidation("X-Api-Key", key.Text);
            statuses.Add((int)(await client.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);
        }

        return string.Join(' ', statuses);
    }

    public sealed class OnEmbedded(EmbeddedEngine engine) : SharedRateTests(engine, 1);

    public sealed class OnRedis(RedisEngine engine) : SharedRateTests(engine, 1);

    public sealed class InPartitions(RedisEngine engine) : SharedRateTests(engine, PartitionedApi.Partitions);

    private sealed class Limited(Engine engine, int partitions) : KeyedApi(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(Shared) { ["Store:Partitions"] = $"{partitions}" };
    }
}

/// <summary>Without the store each instance counts for itself.</summary>
public sealed class SharedRateWithoutStoreTests(EmbeddedEngine engine)
{
    [Fact]
    public async Task The_instance_s_own_count_holds()
    {
        await using var host = new ApiHost(engine.ConnectionString!, $"away{Environment.ProcessId}", new FakeTimeProvider(), SharedRateTests.Shared);
        await using var away = host.WithWebHostBuilder(builder => builder.ConfigureTestServices(services => services.RemoveAll<StoreClock>().AddSingleton<StoreClock, Away>()));
        using var client = away.CreateClient();

        Assert.Equal("503 503 503 503 429", await SharedRateTests.AskAsync(client, TestKeys.All, 5));
    }

    /// <summary>Every script fails as where there is no connection.</summary>
    private sealed class Away : StoreClock
    {
        public override RedisValue Now => throw new StoreException(Applied.No, "away");
    }
}
