using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>What the header Durability promises, on a primary whose only replica can be stopped.</summary>
public sealed class ReceiptTests : IClassFixture<ReceiptTests.Stores>
{
    private static int queues;

    private readonly RedisProcess primary;
    private readonly RedisProcess replica;
    private readonly ServiceProcess service;
    private readonly string queue = $"receipts-{++queues}";

    public ReceiptTests(Stores stores) => (primary, replica, service) = (stores.Primary, stores.Replica, stores.Service);

    [Fact]
    public async Task A_write_that_a_replica_has_and_that_is_on_disk_is_answered_so()
    {
        var (status, durability, _) = await CreateAsync("key", "fsync, replicated=1");

        Assert.Equal((HttpStatusCode.Created, "replicated=1, fsync"), (status, durability));
    }

    /// <summary>On a connection that has written nothing itself, WAIT would answer at once that the replica has everything.</summary>
    [Fact]
    public async Task A_write_that_no_replica_gets_in_time_is_unknown_and_its_repeat_tells_once_it_is_there()
    {
        await CreateAsync("earlier", "replicated=1");
        await replica.PauseAsync();

        var (status, durability, body) = await CreateAsync("key", "replicated=1");
        await replica.ResumeAsync();
        var again = await CreateAsync("key", "replicated=1");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, null), (status, durability));
        Assert.Equal(("urn:delayqueue:problem:durability-not-achieved", "unknown"), (Text(body, "type"), Text(body, "applied")));
        Assert.Equal((HttpStatusCode.Created, "replicated=1"), (again.Status, again.Durability));
        Assert.Equal("key", Text((await service.Client.GetStringAsync(new Uri($"/jobs/{Text(again.Body, "id")}", UriKind.Relative))), "payload"));
    }

    [Fact]
    public async Task More_replicas_than_there_are_is_refused_before_anything_is_written()
    {
        var (status, _, body) = await CreateAsync("key", "replicated=2");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "no"), (status, Text(body, "applied")));
        Assert.Equal(HttpStatusCode.NotFound, (await service.Client.GetAsync(new Uri($"/queues/{queue}", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Requests_that_wait_at_the_same_time_share_a_WAIT()
    {
        const int Requests = 50;
        var before = await WaitsAsync();
        await replica.PauseAsync();
        var first = CreateAsync("first", "replicated=1");
        await UntilAsync(primary, "clients", "blocked_clients:1");

        var others = Enumerable.Range(0, Requests).Select(number => CreateAsync($"{number}", "replicated=1")).ToArray();
        await Poll.UntilAsync(async () => (await service.Client.GetStringAsync(new Uri($"/queues/{queue}", UriKind.Relative)))
            .Contains($"\"created\":{Requests + 1}", StringComparison.Ordinal));
        await replica.ResumeAsync();
        var answers = await Task.WhenAll(others);
        await first;

        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.Created, "replicated=1"), (answer.Status, answer.Durability)));
        Assert.InRange(await WaitsAsync() - before, 2, 5);
    }

    /// <summary>As if another server had taken its place in between: what it has says nothing of what the former one was given.</summary>
    [Fact]
    public async Task A_store_whose_history_is_another_one_than_before_the_write_confirms_nothing()
    {
        await replica.PauseAsync();
        var create = CreateAsync("key", "replicated=1");
        await UntilAsync(primary, "clients", "blocked_clients:1");

        await primary.AskAsync("DEBUG", "CHANGE-REPL-ID");
        await replica.ResumeAsync();

        var (status, _, body) = await create;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unknown"), (status, Text(body, "applied")));
    }

    [Fact]
    public async Task Requests_without_the_header_ask_for_nothing()
    {
        var before = await WaitsAsync();

        await CreateAsync("key", durability: null);

        Assert.Equal(before, await WaitsAsync());
    }

    /// <summary>The machine's Redis may be older: a network in between gives out what this one answers for that of 7.4.</summary>
    [Fact]
    public async Task From_Redis_7_2_on_the_disk_is_waited_for()
    {
        await using var redis = new RedisProcess("everysec");
        await redis.StartAsync();
        await using var network = new StoreProxy(redis.Port)
        {
            Rewrite = reply => Regex.Replace(
                reply.Replace("redis_version:7.0.", "redis_version:7.4.", StringComparison.Ordinal), "-ERR unknown command 'WAITAOF'[^\r]*", "*2\r\n:1\r\n:0"),
        };
        await using var newer = ServiceProcess.OnRedis(network.Address);
        await newer.StartAsync();

        var (status, durability, _) = await CreateAsync(newer, "key", "fsync");

        Assert.Equal((HttpStatusCode.Created, "fsync"), (status, durability));
    }

    private Task<(HttpStatusCode Status, string? Durability, string Body)> CreateAsync(string key, string? durability) => CreateAsync(service, key, durability);

    private async Task<(HttpStatusCode Status, string? Durability, string Body)> CreateAsync(ServiceProcess service, string key, string? durability)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/jobs")
        {
            Content = new StringContent($$"""{"queue":"{{queue}}","payload":"{{key}}"}""", Encoding.UTF8, "application/json"),
            Headers = { { "Idempotency-Key", $"{queue}-{key}" } },
        };
        if (durability is not null)
        {
            request.Headers.Add("Durability", durability);
        }

        using var answer = await service.Client.SendAsync(request);
        return (answer.StatusCode, answer.Headers.TryGetValues("Durability", out var told) ? told.Single() : null, await answer.Content.ReadAsStringAsync());
    }

    private async Task<int> WaitsAsync()
    {
        var calls = (await primary.InfoAsync("commandstats")).FirstOrDefault(line => line.StartsWith("cmdstat_wait:calls=", StringComparison.Ordinal));
        return calls is null ? 0 : int.Parse(calls.Split('=', ',')[1], CultureInfo.InvariantCulture);
    }

    private static Task UntilAsync(RedisProcess redis, string section, string fact) =>
        Poll.UntilAsync(async () => (await redis.InfoAsync(section)).Any(line => line.Contains(fact, StringComparison.Ordinal)));

    /// <summary>Of all tests here, which stop nothing for longer than they run.</summary>
    public sealed class Stores : IAsyncLifetime
    {
        public Stores() => (Replica, Service) =
            (new RedisProcess("everysec", "--replicaof", "127.0.0.1", $"{Primary.Port}"), ServiceProcess.OnRedis(Primary, storeTimeoutMs: 5_000));

        internal RedisProcess Primary { get; } = new("always", "--enable-debug-command", "yes");

        internal RedisProcess Replica { get; }

        internal ServiceProcess Service { get; }

        public async ValueTask InitializeAsync()
        {
            await Primary.StartAsync();
            await Task.WhenAll(Replica.StartAsync(), Service.StartAsync());
            await UntilAsync(Primary, "replication", "state=online");
        }

        public async ValueTask DisposeAsync()
        {
            await Service.DisposeAsync();
            await Replica.DisposeAsync();
            await Primary.DisposeAsync();
        }
    }

    private static string? Text(string json, string name)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty(name).GetString();
    }
}
