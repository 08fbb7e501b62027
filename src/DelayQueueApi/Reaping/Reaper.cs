using DelayQueueApi.Leases;
using DelayQueueApi.Queues;
using DelayQueueApi.Store;

namespace DelayQueueApi.Reaping;

/// <summary>
/// Gives jobs back whose lease ran out, expires those that were not started in time, forgets those that are kept no longer, and goes
/// on with redrives. Claims do most of that for their own queues; the reaper is for queues that nobody claims from. It sleeps until the
/// next event that it knows or <see cref="Lookout"/> tells. Any number of instances may run it: the script re-checks everything.
/// </summary>
internal sealed partial class Reaper(ReapStore store, Partitions partitions, Wakeups wakeups, TimeProvider time, ILogger<Reaper> log) : StoreLoop(time, log)
{
    /// <summary>Does everything that is due, in all partitions: one that is away holds up no other.</summary>
    public override async Task<TimeSpan?> RunOnceAsync(CancellationToken stopping) =>
        (await Task.WhenAll(partitions.Select(partition => RunOnceAsync(partition, stopping)))).Min();

    private async Task<TimeSpan?> RunOnceAsync(PartitionKeys partition, CancellationToken stopping)
    {
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            var (queues, next) = await store.FindDueAsync(partition);
            if (queues.Length == 0)
            {
                return next;
            }

            var done = await store.ReapAsync(partition, queues);
            for (var i = 0; i < queues.Length; i++)
            {
                if (done[i] > 0)
                {
                    LogReaped(Log, done[i], QueueName.FromStored(queues[i]).Short);
                    wakeups.Announce(queues[i]);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "Something was due for {Count} jobs in {Queue}.")]
    private static partial void LogReaped(ILogger log, int count, string queue);
}
