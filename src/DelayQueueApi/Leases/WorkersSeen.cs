using System.Collections.Concurrent;
using DelayQueueApi.Store;

namespace DelayQueueApi.Leases;

/// <summary>Which workers have asked for jobs of late, so that the store is told of each once in a while only.</summary>
internal sealed class WorkersSeen(TimeProvider time)
{
    /// <summary>As exact is what the store knows of a worker.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private const int MaxKnown = 10_000;

    private readonly ConcurrentDictionary<(int Partition, string Worker, string Namespace, string Queues), long> told = new();

    /// <summary>True where the partition is to be told that the worker asks for jobs; it then counts as told.</summary>
    public bool IsNews(Claim claim, PartitionKeys partition)
    {
        var key = (partition.Number, claim.Worker ?? "", claim.Queues[0].Namespace, claim.Queues.Count == 1 ? claim.Queues[0].Text : string.Join(' ', claim.Queues));
        if (told.TryGetValue(key, out var at) && time.GetElapsedTime(at) < Interval)
        {
            return false;
        }

        if (told.Count >= MaxKnown)
        {
            told.Clear();
        }

        told[key] = time.GetTimestamp();
        return true;
    }
}
