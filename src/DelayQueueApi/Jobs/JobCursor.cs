using System.Buffers.Text;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;

namespace DelayQueueApi.Jobs;

/// <summary>
/// Where a page of <see cref="ListJobs"/> has ended: the place of its last job, which may have left it since. Callers treat it as opaque.
/// Lists go from partition to partition.
/// </summary>
/// <param name="Id">Null before the first job of the partition.</param>
/// <param name="Score">What the list is sorted by, ms: run-at, end of the lease or time of death.</param>
internal sealed record JobCursor(QueueName Queue, JobState State, int Partition, int Priority, long Score, JobId? Id)
{
    public JobCursor StartOf(int partition) => new(Queue, State, partition, 0, 0, null);

    /// <returns>Null where the text is not a cursor of this list.</returns>
    public static JobCursor? Parse(string text, QueueName queue, JobState state, int partitions)
    {
        if (text.Length > 256 || !Base64Url.IsValid(text)
            || Encoding.ASCII.GetString(Base64Url.DecodeFromChars(text)).Split(' ') is not [_, _, var partition, var priority, var score, var id]
            || !int.TryParse(partition, out var of) || of < 0 || of >= partitions
            || !int.TryParse(priority, out var p) || p is < Limits.MinPriority or > Limits.MaxPriority
            || !long.TryParse(score, out var s) || s is < 0 or > Limits.LastInstantMs
            || (id.Length > 0 && new JobId(id) is not { Stored: not null }))
        {
            return null;
        }

        var cursor = new JobCursor(queue, state, of, p, s, id.Length > 0 ? new JobId(id) : null);
        return cursor.ToString() == text ? cursor : null;
    }

    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.ASCII.GetBytes($"{Queue} {(int)State} {Partition} {Priority} {Score} {Id}"));
}
