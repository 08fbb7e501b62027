using Microsoft.Extensions.Options;

namespace DelayQueueApi.Store;

/// <summary>With Store:RequireDurable nothing is served before the store has told that it keeps what it acknowledges.</summary>
internal static partial class DurableStart
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Waits for the store where it must be asked; while it is away nothing listens.</summary>
    /// <returns>False where the service must not start; then the reason is logged and the exit code is set.</returns>
    public static async Task<bool> MayServeAsync(this WebApplication app)
    {
        // The embedded store always writes before it answers, and never evicts.
        if (!app.Services.GetRequiredService<IOptions<StoreOptions>>().Value.RequireDurable || app.Services.GetRequiredService<StoreConnection>().IsEmbedded)
        {
            return true;
        }

        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(DurableStart));
        var facts = await WaitForFactsAsync(app.Services, log);
        if (facts.Keeps)
        {
            return true;
        }

        LogRefused(log, facts.Durability, string.Join(' ', facts.Warnings));
        Environment.ExitCode = 1;
        await app.DisposeAsync();
        return false;
    }

    private static async Task<Facts> WaitForFactsAsync(IServiceProvider services, ILogger log)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await services.GetRequiredService<StoreFacts>().ReadAsync();
            }
            catch (StoreException away)
            {
                if (tries == 0)
                {
                    LogWaits(log, away.Message);
                }

                await Task.Delay(Pause, services.GetRequiredService<TimeProvider>());
            }
        }
    }

    [LoggerMessage(LogLevel.Critical, "The service does not start: Store:RequireDurable is set, and the store may lose acknowledged jobs (durability {Durability}). {Warnings}")]
    private static partial void LogRefused(ILogger log, Durability durability, string warnings);

    [LoggerMessage(LogLevel.Warning, "The store is away. Store:RequireDurable is set, so nothing is served until it has told how durable it is. {Reason}")]
    private static partial void LogWaits(ILogger log, string reason);
}
