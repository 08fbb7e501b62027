using Microsoft.Extensions.Options;

namespace DelayQueueApi.Store;

internal static class StoreServices
{
    public static IServiceCollection AddStore(this IServiceCollection services)
    {
        services.AddOptions<StoreOptions>().BindConfiguration("Store").ValidateDataAnnotations().ValidateOnStart();
        return services
            .AddSingleton<StoreClock>()
            .AddSingleton<EmbeddedStore>()
            .AddSingleton<StoreConnection>()
            .AddSingleton<ScriptRunner>()
            .AddSingleton<StoreFacts>()
            .AddSingleton<Fsck>()
            .AddSingleton<PartitionsInStore>()
            .AddSingleton<Reaping.LeaseGrace>()
            .AddHostedService<PrimaryFollower>()
            .AddSingleton(provider => new Partitions(provider.GetRequiredService<IOptions<StoreOptions>>()))
            .AddHostedService<StoreStartup>();
    }
}

/// <summary>Starts the embedded store, where no Redis is configured, and mends what a kill may have left, before anything is served; stops it last.</summary>
internal sealed partial class StoreStartup(StoreConnection connection, EmbeddedStore embedded, Fsck fsck, StoreFacts facts, TimeProvider time, ILogger<StoreStartup> log)
    : IHostedLifecycleService
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (!connection.IsEmbedded)
        {
            return;
        }

        embedded.Start();
        var mended = await MendAsync(cancellationToken);
        if (mended > 0)
        {
            LogMended(mended);
        }
    }

    /// <summary>A cold process on a busy machine may take longer to answer than callers are to wait; nobody waits yet.</summary>
    private async Task<long> MendAsync(CancellationToken stopping)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                await fsck.RefuseOtherFormAsync(stopping);
                return (await fsck.RunAsync(repair: true, stopping)).Count;
            }
            catch (Exception error) when (StoreException.From(error) is not null && time.GetElapsedTime(started) < Patience)
            {
                LogSlow(error.Message);
            }
        }
    }

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = await facts.ReadAsync();
            LogStore(found.Kind, found.Version, found.Durability);
            foreach (var warning in found.Warnings.Where(_ => !connection.IsEmbedded))
            {
                LogUnsafe(warning);
            }
        }
        catch (StoreException error)
        {
            LogAway(error.Message);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The last request is answered by now.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await connection.DisposeAsync();
        embedded.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "The last stop left {Count} things that did not match their records; they are mended.")]
    private partial void LogMended(long count);

    [LoggerMessage(LogLevel.Debug, "The store is slow to start; its check begins anew. {Reason}")]
    private partial void LogSlow(string reason);

    [LoggerMessage(LogLevel.Information, "The store is {Kind} {Version}; durability {Durability}.")]
    private partial void LogStore(string kind, string version, Durability durability);

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private partial void LogUnsafe(string warning);

    [LoggerMessage(LogLevel.Warning, "The store is away; requests answer 503 until it comes back. {Reason}")]
    private partial void LogAway(string reason);
}
