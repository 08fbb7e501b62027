using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>The one connection to the store. It is made at the first use, fails fast while the store is away, and mends itself.</summary>
internal sealed class StoreConnection(IConfiguration configuration, IOptions<StoreOptions> options, EmbeddedStore embedded, ILoggerFactory logs)
    : IAsyncDisposable
{
    private readonly SemaphoreSlim connecting = new(1);
    private ConnectionMultiplexer? connection;
    private Task? closing;

    /// <summary>True where no Redis is configured and the store runs in this process.</summary>
    public bool IsEmbedded { get; } = string.IsNullOrEmpty(configuration.GetConnectionString("Redis"));

    public async ValueTask<IDatabase> DatabaseAsync() => (await ConnectAsync()).GetDatabase();

    public async ValueTask<ISubscriber> SubscriberAsync() => (await ConnectAsync()).GetSubscriber();

    /// <summary>A server that can be asked about itself: the one that takes the writes.</summary>
    public async ValueTask<IServer> ServerAsync()
    {
        var servers = (await ConnectAsync()).GetServers();
        return servers.FirstOrDefault(server => server is { IsConnected: true, IsReplica: false }) ?? servers[0];
    }

    /// <summary>The server that has a key.</summary>
    public async ValueTask<IServer> ServerOfAsync(RedisKey key) => (await ConnectAsync()).GetServer(key);

    /// <summary>Closes once, however often and at once it is asked to.</summary>
    public ValueTask DisposeAsync()
    {
        lock (connecting)
        {
            return new ValueTask(closing ??= CloseAsync());
        }
    }

    private async Task CloseAsync()
    {
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }

        connecting.Dispose();
    }

    private async ValueTask<ConnectionMultiplexer> ConnectAsync()
    {
        if (connection is { } made)
        {
            return made;
        }

        await connecting.WaitAsync();
        try
        {
            return connection ??= await ConnectionMultiplexer.ConnectAsync(Settings());
        }
        finally
        {
            connecting.Release();
        }
    }

    private ConfigurationOptions Settings()
    {
        var settings = ConfigurationOptions.Parse(IsEmbedded ? embedded.ConnectionString : configuration.GetConnectionString("Redis")!);
        settings.ClientName = "delayqueue";
        // INFO and CONFIG GET, for /info, count as administration.
        settings.AllowAdmin = true;
        settings.AbortOnConnectFail = false;
        settings.BacklogPolicy = BacklogPolicy.FailFast;
        settings.AsyncTimeout = options.Value.TimeoutMs;
        settings.SyncTimeout = options.Value.TimeoutMs;
        settings.ConnectTimeout = options.Value.TimeoutMs;
        settings.HeartbeatInterval = TimeSpan.FromMilliseconds(250);
        settings.ReconnectRetryPolicy = new LinearRetry(500);
        settings.LoggerFactory = logs;
        return settings;
    }
}
