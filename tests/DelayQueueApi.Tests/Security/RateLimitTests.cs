using System.Net;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>A caller has so many requests a second; four at once here, and two a second in the long run.</summary>
public sealed class RateLimitTests(EmbeddedEngine engine) : IAsyncLifetime
{
    private readonly Limited api = new(engine);

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task A_burst_is_taken_and_the_next_request_refused_until_its_time_has_come()
    {
        Assert.Equal("200 200 200 200 429", await AskAsync(TestKeys.All, 5));

        api.Advance(499);
        Assert.Equal("429", await AskAsync(TestKeys.All, 1));
        api.Advance(1);
        Assert.Equal("200 429", await AskAsync(TestKeys.All, 2));
        api.Advance(10_000);
        Assert.Equal("200 200 200 200 429", await AskAsync(TestKeys.All, 5));
    }

    [Fact]
    public async Task Every_answer_tells_what_is_left()
    {
        var first = await api.SendAsync(TestKeys.All, "GET", "/queues");
        await AskAsync(TestKeys.All, 3);
        var refused = await api.SendAsync(TestKeys.All, "GET", "/queues");

        Assert.Equal("\"default\";q=4;w=2", Header(first, "RateLimit-Policy"));
        Assert.Equal("\"default\";r=3;t=1", Header(first, "RateLimit"));
        await Api.AssertProblemAsync(refused, HttpStatusCode.TooManyRequests, "rate-limited");
        Assert.Equal("\"default\";q=4;w=2", Header(refused, "RateLimit-Policy"));
        Assert.Equal("\"default\";r=0;t=2", Header(refused, "RateLimit"));
        Assert.Equal("1", Header(refused, "Retry-After"));
    }

    [Fact]
    public async Task A_refused_request_does_nothing()
    {
        var queue = Api.NewQueue();
        await AskAsync(TestKeys.All, 4);

        var refused = await api.SendAsync(TestKeys.All, "POST", "/jobs", $$"""{"queue":"{{queue}}","payload":1}""");

        await Api.AssertProblemAsync(refused, HttpStatusCode.TooManyRequests, "rate-limited");
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(TestKeys.Acme, "GET", $"/queues/{queue}")).StatusCode);
    }

    [Fact]
    public async Task Keys_of_other_ids_have_their_own_rates_and_those_of_one_id_share_it()
    {
        Assert.Equal("200 200", await AskAsync(TestKeys.First, 2));
        Assert.Equal("200 200 429", await AskAsync(TestKeys.Second, 3));
        Assert.Equal("200", await AskAsync(TestKeys.Read, 1));
    }

    [Fact]
    public async Task A_key_s_entry_may_tell_another_rate_or_none()
    {
        Assert.Equal("200 429", await AskAsync(TestKeys.Mine, 2));
        Assert.Equal("200 200 200 200 200 200 200 200 200", await AskAsync(TestKeys.Acme, 9));
    }

    [Fact]
    public async Task Who_sends_no_good_key_is_limited_by_address_and_others_are_not()
    {
        Assert.Equal("401 401 401 401 429", await AskAsync(new TestKey("all", "read"), 5));
        Assert.Equal("429", await AskAsync(null, 1));
        Assert.Equal("200", await AskAsync(TestKeys.All, 1));
    }

    [Fact]
    public async Task Health_checks_are_not_limited()
    {
        for (var i = 0; i < 9; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(null, "GET", "/health/ready")).StatusCode);
        }
    }

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));

    private async Task<string> AskAsync(TestKey? key, int times)
    {
        var statuses = new List<int>();
        for (var i = 0; i < times; i++)
        {
            statuses.Add((int)(await api.SendAsync(key, "GET", "/queues")).StatusCode);
        }

        return string.Join(' ', statuses);
    }

    /// <summary>The second of its keys, mine, may ask once a second; the third, acme, as often as it likes.</summary>
    private sealed class Limited(EmbeddedEngine engine) : KeyedApi(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(TestKeys.Settings)
        {
            ["Limits:Rate:PerSecond"] = "2",
            ["Limits:Rate:Burst"] = "4",
            ["Security:Keys:1:Rate:PerSecond"] = "1",
            ["Security:Keys:2:Rate:PerSecond"] = "0",
        };
    }
}
