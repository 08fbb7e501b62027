using DelayQueueApi.Leases;
using DelayQueueApi.Schedules;
using DelayQueueApi.Store;

namespace DelayQueueApi.Reaping;

/// <summary>
/// Looks once a second what is next, for all in this process that sleep until there is something: the reaper, the scheduler and the
/// claims that wait. What they do themselves they know, and hints tell the rest; this finds what other instances have set for later,
/// and what a lost hint would have told. An idle instance asks the store nothing else.
/// </summary>
internal sealed class Lookout(LookoutStore store, Partitions partitions, Reaper reaper, Scheduler scheduler, Wakeups wakeups, TimeProvider time, ILogger<Lookout> log)
    : StoreLoop(time, log)
{
    /// <summary>No lease is shorter, so that none can begin and end between two looks.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public override async Task<TimeSpan?> RunOnceAsync(CancellationToken stopping)
    {
        await wakeups.SubscribeAsync();
        await Task.WhenAll(partitions.Select(partition => LookAsync(partition, stopping)));
        return Interval;
    }

    private async Task LookAsync(PartitionKeys partition, CancellationToken stopping)
    {
        foreach (var queues in wakeups.Queues().Chunk(LookoutStore.MaxQueues).DefaultIfEmpty([]))
        {
            stopping.ThrowIfCancellationRequested();
            var ahead = await store.LookAheadAsync(partition, queues);
            WakeIn(reaper, ahead.Event);
            WakeIn(scheduler, ahead.Schedule);
            foreach (var (queue, micros) in ahead.Queues)
            {
                wakeups.Expect(queue, micros);
            }
        }
    }

    private static void WakeIn(StoreLoop loop, TimeSpan? delay)
    {
        if (delay is { } wait)
        {
            loop.WakeIn(wait);
        }
    }
}
