using DelayQueueApi.Leases;
using DelayQueueApi.Store;

namespace DelayQueueApi.Reaping;

/// <summary>
/// Gives jobs back whose lease ran out. Claims do that for their own queues; the reaper is for queues that nobody claims from.
/// Any number of instances may run it: the script re-checks every lease.
/// </summary>
internal sealed partial class Reaper(ReapStore store, Wakeups wakeups, TimeProvider time, ILogger<Reaper> log) : BackgroundService
{
    /// <summary>No lease is shorter, so that none can begin and end while the reaper sleeps.</summary>
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    /// <summary>Ends every lease that has run out.</summary>
    /// <returns>When to look again.</returns>
    public async Task<TimeSpan> RunOnceAsync(CancellationToken stopping)
    {
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            var (queues, next) = await store.FindDueAsync();
            if (queues.Length == 0)
            {
                return next < LongestSleep ? next.Value : LongestSleep;
            }

            var ended = await store.ReapAsync(queues);
            for (var i = 0; i < queues.Length; i++)
            {
                if (ended[i] > 0)
                {
                    LogReaped(ended[i], queues[i]);
                    wakeups.Announce(queues[i]);
                }
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            TimeSpan sleep;
            try
            {
                sleep = await RunOnceAsync(stoppingToken);
            }
            catch (StoreException error)
            {
                LogFailed(error.Message);
                sleep = Backoff;
            }
#pragma warning disable CA1031 // A failure is logged and never ends the loop.
            catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
            {
                LogBroken(error);
                sleep = Backoff;
            }

            await Task.Delay(sleep, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(LogLevel.Debug, "{Count} leases ran out in {Queue}.")]
    private partial void LogReaped(int count, string queue);

    [LoggerMessage(LogLevel.Warning, "The reaper could not look for leases that ran out; it tries again. {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(LogLevel.Error, "The reaper failed; it tries again.")]
    private partial void LogBroken(Exception error);
}
