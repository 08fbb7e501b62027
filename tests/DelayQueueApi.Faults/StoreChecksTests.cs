using System.Net;
using System.Net.Http.Headers;
using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>What a Redis promises is told, and not taken for more than it is.</summary>
public sealed class StoreChecksTests : IAsyncLifetime
{
    private readonly RedisProcess redis = new();

    public async ValueTask InitializeAsync() => await redis.StartAsync();

    public ValueTask DisposeAsync() => redis.DisposeAsync();

    [Fact]
    public async Task Each_unsafe_setting_is_told_while_it_holds()
    {
        (string[] Set, string[] Reset, string Durability, string Warning)[] settings =
        [
            (["appendfsync", "no"], ["appendfsync", "always"], "memory", "appendfsync is no"),
            (["maxmemory-policy", "allkeys-lru"], ["maxmemory-policy", "noeviction"], "fsync-always", "maxmemory-policy is allkeys-lru"),
            (["maxmemory", "1mb"], ["maxmemory", "0"], "fsync-always", "of maxmemory are in use"),
            (["maxmemory", $"{1L << 50}"], ["maxmemory", "0"], "fsync-always", "and the machine has"),
            (["appendonly", "no"], ["loglevel", "notice"], "memory", "The append-only file is off"),
        ];
        await using var service = ServiceProcess.OnRedis(redis);
        await service.StartAsync();
        await service.ReadyAsync();
        Assert.Empty((await service.InfoAsync()).Store.Warnings);

        foreach (var (set, reset, durability, warning) in settings)
        {
            Assert.Equal("+OK", await redis.AskAsync(["CONFIG", "SET", .. set]));
            var (info, ready) = ((await service.InfoAsync()).Store, await service.ReadyAnswerAsync());
            Assert.Equal("+OK", await redis.AskAsync(["CONFIG", "SET", .. reset]));

            Assert.Equal(durability, info.Durability);
            Assert.Contains(warning, Assert.Single(info.Warnings), StringComparison.Ordinal);
            Assert.Equal(("ready", durability), (ready.Status, ready.Store.Durability));
            Assert.Equal(info.Warnings, ready.Warnings);
        }
    }

    [Fact]
    public async Task A_replica_is_told_from_a_primary()
    {
        await using var primary = new RedisProcess();
        await primary.StartAsync();
        Assert.Equal("+OK", await redis.AskAsync("REPLICAOF", "127.0.0.1", $"{primary.Port}"));
        await using var service = ServiceProcess.OnRedis(redis);
        await service.StartAsync();

        await Poll.UntilAsync(async () =>
            (await service.InfoAsync()).Store?.Warnings.Any(warning => warning.StartsWith("The server is a replica", StringComparison.Ordinal)) == true);
    }

    [Theory]
    [InlineData("appendonly", "no", "durability Memory")]
    [InlineData("maxmemory-policy", "volatile-ttl", "maxmemory-policy is volatile-ttl")]
    public async Task With_RequireDurable_the_service_does_not_start_on_a_store_that_loses_jobs_and_says_so_in_one_line(string setting, string value, string reason)
    {
        await redis.AskAsync("CONFIG", "SET", setting, value);
        await using var service = Strict();

        var exitCode = await service.StartInVainAsync();

        Assert.Equal(1, exitCode);
        var line = Assert.Single(service.Output.Split('\n'), line => line.Contains("The service does not start", StringComparison.Ordinal));
        Assert.Contains(reason, line, StringComparison.Ordinal);
        Assert.DoesNotContain(" at DelayQueueApi.", service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_RequireDurable_nothing_is_served_until_the_store_is_there_and_has_told()
    {
        redis.Kill();
        await using var service = Strict(storeTimeoutMs: 5_000);
        await service.BeginStartAsync();
        await Poll.UntilAsync(() => Task.FromResult(service.Output.Contains("so nothing is served until", StringComparison.Ordinal)));
        Assert.DoesNotContain("Now listening on", service.Output, StringComparison.Ordinal);

        await redis.StartAsync();

        await service.ListensAsync();
        var api = new JobClient(() => service.Client, new History());
        Assert.Equal(201, (await api.CreateAsync(new NewJob("first", "q", "1"))).Reply.Status);
    }

    [Fact]
    public async Task New_partitions_keep_a_pause_also_where_the_store_comes_after_the_service()
    {
        await using (var one = ServiceProcess.OnRedis(redis))
        {
            await one.StartAsync();
            (await one.Client.PostAsync(new Uri("/queues/q/pause", UriKind.Relative), null)).EnsureSuccessStatusCode();
        }

        redis.Kill();
        await using var three = WithPartitions(3);
        await three.StartAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await three.StatusAsync("/health/ready"));
        await redis.StartAsync();
        await three.ReadyAsync();

        var api = new JobClient(() => three.Client, new History());
        for (var job = 0; job < 6; job++)
        {
            Assert.Equal(201, (await api.CreateAsync(new NewJob($"{job}", "q", "1"))).Reply.Status);
        }

        using var claim = new StringContent("""{"queues":["q"],"limit":100}""", MediaTypeHeaderValue.Parse("application/json"));
        using var claimed = await three.Client.PostAsync(new Uri("/jobs/claim", UriKind.Relative), claim);
        Assert.Equal("{\"jobs\":[]}", await claimed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task With_fewer_partitions_than_there_are_the_service_ends_once_the_store_has_told()
    {
        await using (var three = WithPartitions(3))
        {
            await three.StartAsync();
            await three.ReadyAsync();
        }

        redis.Kill();
        await using var two = WithPartitions(2);
        await two.StartAsync();
        await redis.StartAsync();

        Assert.Equal(1, await two.EndedAsync());
        Assert.Contains("The store has 3 partitions and Store:Partitions is 2", two.Output, StringComparison.Ordinal);
    }

    private ServiceProcess WithPartitions(int count) => ServiceProcess.OnRedis(redis, storeTimeoutMs: 5_000).With("Store__Partitions", $"{count}");

    private ServiceProcess Strict(int storeTimeoutMs = 30_000) => ServiceProcess.OnRedis(redis, storeTimeoutMs).With("Store__RequireDurable", "true");
}
