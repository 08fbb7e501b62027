using System.Buffers.Text;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;

namespace DelayQueueApi.Jobs;

/// <summary>
/// Where a page of <see cref="ListJobs"/> has ended: the place of its last job, which may have left it since. Callers treat it as opaque.
/// </summary>
/// <param name="Id">Null before the first job.</param>
/// <param name="Score">What the list is sorted by, ms: run-at, end of the lease or time of death.</param>
internal sealed record JobCursor(QueueName Queue, JobState State, int Priority, long Score, JobId? Id)
{
    /// <returns>Null where the text is not a cursor of this list.</returns>
    public static JobCursor? Parse(string text, QueueName queue, JobState state)
    {
        if (text.Length > 256 || !Base64Url.IsValid(text)
            || Encoding.ASCII.GetString(Base64Url.DecodeFromChars(text)).Split(' ') is not [_, _, var priority, var score, var id]
            || !int.TryParse(priority, out var p) || p is < Limits.MinPriority or > Limits.MaxPriority
            || !long.TryParse(score, out var s) || s is < 0 or > Limits.LastInstantMs
            || new JobId(id) is not { Stored: not null } job)
        {
            return null;
        }

        var cursor = new JobCursor(queue, state, p, s, job);
        return cursor.ToString() == text ? cursor : null;
    }

    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.ASCII.GetBytes($"{Queue} {(int)State} {Priority} {Score} {Id}"));
}
