using DelayQueueApi.Leases;
using DelayQueueApi.Store;

namespace DelayQueueApi.Reaping;

/// <summary>
/// Gives jobs back whose lease ran out. Claims do that for their own queues; the reaper is for queues that nobody claims from.
/// Any number of instances may run it: the script re-checks every lease.
/// </summary>
internal sealed partial class Reaper(ReapStore store, Wakeups wakeups, TimeProvider time, ILogger<Reaper> log) : StoreLoop(time, log)
{
    /// <summary>No lease is shorter, so that none can begin and end while the reaper sleeps.</summary>
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1);

    /// <summary>Ends every lease that has run out.</summary>
    public override async Task<TimeSpan> RunOnceAsync(CancellationToken stopping)
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
                    LogReaped(Log, ended[i], queues[i]);
                    wakeups.Announce(queues[i]);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "{Count} leases ran out in {Queue}.")]
    private static partial void LogReaped(ILogger log, int count, string queue);
}
