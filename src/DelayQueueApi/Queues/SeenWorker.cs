using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Store;

namespace DelayQueueApi.Queues;

/// <summary>A worker that has asked for jobs of the queue of late, or may still wait for its answer, by the name that it gave.</summary>
/// <param name="Worker">The name; not there for workers that give none.</param>
/// <param name="SeenAt">When it last asked, to some 5 s.</param>
internal sealed record SeenWorker(DateTimeOffset SeenAt, string? Worker = null)
{
    private const int MaxWorkers = 100;

    /// <summary>As long as a claim may wait, and as inexact as the notes are.</summary>
    private static readonly TimeSpan Live = TimeSpan.FromMilliseconds(Limits.MaxWaitMs + 10_000);

    /// <summary>What several partitions know, the newest first.</summary>
    public static IReadOnlyList<SeenWorker> Union(IReadOnlyList<SeenWorker> some, IReadOnlyList<SeenWorker> others) =>
        [.. some.Concat(others).OrderByDescending(seen => seen.SeenAt).DistinctBy(seen => seen.Worker).Take(MaxWorkers)];

    /// <param name="notes">What ClaimJobs.lua has noted, the newest first.</param>
    public static IReadOnlyList<SeenWorker> From(ReadOnlySpan<byte> notes, DateTimeOffset now)
    {
        var workers = new List<SeenWorker>();
        while (!notes.IsEmpty)
        {
            var (seenAt, name) = (Stored.Instant(notes), Encoding.UTF8.GetString(notes.Slice(7, notes[6])));
            if (now - seenAt <= Live)
            {
                workers.Add(new SeenWorker(seenAt, name.Length > 0 ? name : null));
            }

            notes = notes[(7 + notes[6])..];
        }

        return workers;
    }
}
