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
            .AddSingleton(provider => new PartitionKeys(provider.GetRequiredService<IOptions<StoreOptions>>().Value.KeyPrefix))
            .AddHostedService<StoreStartup>();
    }
}

/// <summary>Starts the embedded store, where no Redis is configured, and mends what a kill may have left, before anything is served; stops it last.</summary>
internal sealed partial class StoreStartup(StoreConnection connection, EmbeddedStore embedded, Fsck fsck, StoreFacts facts, ILogger<StoreStartup> log)
    : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (!connection.IsEmbedded)
        {
            return;
        }

        embedded.Start();
        var mended = await fsck.RunAsync(repair: true);
        if (mended.Count > 0)
        {
            LogMended(mended.Count);
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

    [LoggerMessage(LogLevel.Warning, "The last stop left {Count} index entries that did not match their records; they are mended.")]
    private partial void LogMended(int count);

    [LoggerMessage(LogLevel.Information, "The store is {Kind} {Version}; durability {Durability}.")]
    private partial void LogStore(string kind, string version, Durability durability);

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private partial void LogUnsafe(string warning);

    [LoggerMessage(LogLevel.Warning, "The store is away; requests answer 503 until it comes back. {Reason}")]
    private partial void LogAway(string reason);
}
