using System.Net;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>
/// The one connection to the store. It is made at the first use, fails fast while the store is away, and mends itself. Under Sentinels it is
/// to the primary that they name, and to no other server; <see cref="PrimaryFollower"/> replaces it when they name another one.
/// </summary>
internal sealed class StoreConnection : IAsyncDisposable
{
    private readonly EmbeddedStore embedded;
    private readonly StoreOptions options;
    private readonly ILoggerFactory logs;
    private readonly string? configured;
    private readonly Sentinels? sentinels;
    private readonly SemaphoreSlim connecting = new(1);
    private volatile ConnectionMultiplexer? connection;
    private EndPoint? primary;
    private Task? closing;

    public StoreConnection(IConfiguration configuration, IOptions<StoreOptions> options, EmbeddedStore embedded, ILoggerFactory logs)
    {
        (this.options, this.embedded, this.logs) = (options.Value, embedded, logs);
        configured = configuration.GetConnectionString("Redis");
        IsEmbedded = string.IsNullOrEmpty(configured);
        if (!IsEmbedded && ConfigurationOptions.Parse(configured!).ServiceName is not null)
        {
            sentinels = new Sentinels(Settings());
        }
    }

    /// <summary>True where no Redis is configured and the store runs in this process.</summary>
    public bool IsEmbedded { get; }

    public bool HasSentinels => sentinels is not null;

    public async ValueTask<IDatabase> DatabaseAsync() => (await ConnectAsync()).GetDatabase();

    public async ValueTask<ISubscriber> SubscriberAsync() => (await ConnectAsync()).GetSubscriber();

    /// <summary>The servers that can be asked about the store, as <see cref="ServersOf"/> tells them.</summary>
    public async ValueTask<IReadOnlyList<IServer>> ServersAsync(Partitions partitions) => ServersOf(await ConnectAsync(), partitions);

    /// <returns>The server that takes the writes; on a Redis Cluster all that have partitions, in the order of their addresses.</returns>
    public static IReadOnlyList<IServer> ServersOf(IConnectionMultiplexer connection, Partitions partitions)
    {
        var servers = connection.GetServers();
        var first = servers.FirstOrDefault(server => server is { IsConnected: true, IsReplica: false }) ?? servers[0];
        return first.ServerType != ServerType.Cluster
            ? [first]
            : [.. partitions.Select(keys => connection.GetServer(keys.Jobs)).DistinctBy(server => server.EndPoint).OrderBy(NameOf, StringComparer.Ordinal)];
    }

    public static string NameOf(IServer server) => EndPointCollection.ToString(server.EndPoint);

    /// <summary>The server that has a key.</summary>
    public async ValueTask<IServer> ServerOfAsync(RedisKey key) => (await ConnectAsync()).GetServer(key);

    /// <summary>Another connection to where this one leads, for commands that block; whoever asks for it closes it.</summary>
    /// <param name="patience">How long such a command may take.</param>
    /// <returns>It, and the connection that it stands beside.</returns>
    public async Task<(ConnectionMultiplexer Beside, IConnectionMultiplexer Of)> ConnectBesideAsync(TimeSpan patience)
    {
        var of = await ConnectAsync();
        var settings = Settings();
        settings.AsyncTimeout += (int)patience.TotalMilliseconds;
        return (await OpenAsync(settings, primary), of);
    }

    /// <summary>Goes over to the primary that the Sentinels name, where it is another one by now.</summary>
    /// <param name="prepare">What is to be done there before anybody else comes; where it fails the connection stays as it is.</param>
    /// <returns>The new primary, or null where it is the same.</returns>
    /// <exception cref="StoreException">The Sentinels cannot be asked.</exception>
    public async Task<EndPoint?> FollowAsync(Func<IDatabase, Task> prepare)
    {
        var former = await ConnectAsync();
        var named = await sentinels!.PrimaryAsync();
        if (named.Equals(primary))
        {
            return null;
        }

        var next = await OpenAsync(Settings(), named);
        try
        {
            await prepare(next.GetDatabase());
        }
        catch
        {
            await next.DisposeAsync();
            throw;
        }

        (primary, connection) = (named, next);
        _ = CloseLaterAsync(former);
        return named;
    }

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

        if (sentinels is not null)
        {
            await sentinels.DisposeAsync();
        }

        connecting.Dispose();
    }

    /// <summary>Calls that are on their way get their answers, or time out.</summary>
    private async Task CloseLaterAsync(ConnectionMultiplexer former)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(2 * options.TimeoutMs), TimeProvider.System);
        await former.DisposeAsync();
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
            if (connection is null)
            {
                primary = sentinels is null ? null : await sentinels.PrimaryAsync();
                connection = await OpenAsync(Settings(), primary);
            }

            return connection;
        }
        finally
        {
            connecting.Release();
        }
    }

    /// <param name="server">The only one; null for those that are configured.</param>
    private static Task<ConnectionMultiplexer> OpenAsync(ConfigurationOptions settings, EndPoint? server)
    {
        if (server is not null)
        {
            (settings.ServiceName, settings.TieBreaker, settings.ConfigurationChannel) = (null, "", "");
            settings.EndPoints.Clear();
            settings.EndPoints.Add(server);
        }

        return ConnectionMultiplexer.ConnectAsync(settings);
    }

    private ConfigurationOptions Settings()
    {
        var settings = ConfigurationOptions.Parse(IsEmbedded ? embedded.ConnectionString : configured!);
        settings.ClientName = "delayqueue";
        // INFO and CONFIG GET, for /info, count as administration.
        settings.AllowAdmin = true;
        settings.AbortOnConnectFail = false;
        settings.BacklogPolicy = BacklogPolicy.FailFast;
        settings.AsyncTimeout = options.TimeoutMs;
        settings.SyncTimeout = options.TimeoutMs;
        settings.ConnectTimeout = options.TimeoutMs;
        settings.HeartbeatInterval = TimeSpan.FromMilliseconds(250);
        settings.ReconnectRetryPolicy = new LinearRetry(500);
        settings.LoggerFactory = logs;
        return settings;
    }
}
