using DelayQueueApi.Queues;

namespace DelayQueueApi.Telemetry;

/// <summary>
/// Adds up the queues that share a label. Their totals never go back: where a queue is deleted, what it had counted stays counted, since a
/// counter that falls looks as if the service had begun anew.
/// </summary>
internal sealed class QueueTotals(QueueLabels labels)
{
    /// <summary>What happens to jobs: its name in metrics and in the queue's hash.</summary>
    public static readonly (string Event, string Field)[] Events =
    [
        ("created", "created"), ("claimed", "claimed"), ("acked", "acked"), ("nacked", "nacked"), ("released", "released"), ("lease_expired", "leasesExpired"),
        ("cancelled", "cancelled"), ("expired", "expired"), ("died", "died"), ("redriven", "redriven"), ("purged", "purged"),
    ];

    private readonly Dictionary<string, long[]> before = [];
    private readonly long[] others = new long[Events.Length];

    /// <param name="queues">All that there are.</param>
    public IReadOnlyCollection<LabelTotals> Read(IReadOnlyList<QueueCounts> queues)
    {
        var read = new Dictionary<QueueLabel, LabelTotals>();
        // Where there are more than labels, those get one that have had most to do.
        foreach (var queue in queues.OrderByDescending(queue => queue.Totals["created"]))
        {
            var label = labels.Of(queue.Queue.Stored);
            if (!read.TryGetValue(label, out var totals))
            {
                read[label] = totals = new LabelTotals(label);
            }

            totals.Add(queue);
            AddEvents(totals, queue);
        }

        if (read.TryGetValue(QueueLabels.Other, out var other))
        {
            others.CopyTo(other.Events, 0);
        }

        return read.Values;
    }

    private void AddEvents(LabelTotals totals, QueueCounts queue)
    {
        var counts = Array.ConvertAll(Events, each => queue.Totals[each.Field]);
        if (totals.Label != QueueLabels.Other)
        {
            counts.CopyTo(totals.Events, 0);
            return;
        }

        var last = before.GetValueOrDefault(queue.Queue.Stored);
        for (var i = 0; i < counts.Length; i++)
        {
            // One that has fewer than before is a new queue of the same name.
            others[i] += last is null || counts[i] < last[i] ? counts[i] : counts[i] - last[i];
        }

        before[queue.Queue.Stored] = counts;
    }
}

/// <summary>The numbers of one label.</summary>
internal sealed class LabelTotals(QueueLabel label)
{
    public static readonly string[] States = ["scheduled", "ready", "leased", "dead", "completed", "expired"];

    public QueueLabel Label => label;

    /// <summary>Jobs by state, in the order of <see cref="States"/>.</summary>
    public long[] Depth { get; } = new long[States.Length];

    /// <summary>In the order of <see cref="QueueTotals.Events"/>.</summary>
    public long[] Events { get; } = new long[QueueTotals.Events.Length];

    /// <summary>How many of the queues are paused.</summary>
    public int Paused { get; private set; }

    /// <summary>For how long the longest waiting job is ready; zero where none is.</summary>
    public TimeSpan OldestReady { get; private set; }

    public void Add(QueueCounts queue)
    {
        long[] depth = [queue.Scheduled, queue.Ready, queue.Leased, queue.Dead, queue.Completed, queue.Expired];
        for (var i = 0; i < depth.Length; i++)
        {
            Depth[i] += depth[i];
        }

        Paused += queue.Paused ? 1 : 0;
        var oldest = queue.Now - queue.EarliestRunAt ?? TimeSpan.Zero;
        OldestReady = oldest > OldestReady ? oldest : OldestReady;
    }
}
