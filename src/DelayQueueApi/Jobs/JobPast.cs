using System.Buffers.Binary;
using System.Text;
using DelayQueueApi.Store;

namespace DelayQueueApi.Jobs;

/// <summary>What a record keeps of a job's past (docs/keyspace.md): its last error, and its last attempts.</summary>
internal static class JobPast
{
    private const int EntryBytes = 18;

    public static (JobError? LastError, IReadOnlyList<JobAttempt>? Attempts) Decode(ReadOnlySpan<byte> past)
    {
        if (past.IsEmpty)
        {
            return (null, null);
        }

        var message = past.IndexOf((byte)0) + 1;
        var end = past[message..].IndexOf((byte)0);
        var error = JobError.Decode(end < 0 ? past : past[..(message + end)]);
        return (error, end < 0 ? null : DecodeAttempts(past[(message + end + 1)..]));
    }

    private static List<JobAttempt> DecodeAttempts(ReadOnlySpan<byte> rest)
    {
        var attempts = new List<JobAttempt>();
        while (!rest.IsEmpty)
        {
            int worker = rest[15], error = BinaryPrimitives.ReadUInt16BigEndian(rest[16..]);
            var outcome = rest[14] switch { (byte)'a' => AttemptOutcome.Acked, (byte)'n' => AttemptOutcome.Nacked, (byte)'e' => AttemptOutcome.Expired, _ => AttemptOutcome.Released };
            attempts.Add(new JobAttempt(
                BinaryPrimitives.ReadUInt16BigEndian(rest), outcome, Stored.Instant(rest[2..]), Stored.Instant(rest[8..]),
                worker > 0 ? Encoding.UTF8.GetString(rest.Slice(EntryBytes, worker)) : null,
                error > 0 ? JobError.Decode(rest.Slice(EntryBytes + worker, error)) : null));
            rest = rest[(EntryBytes + worker + error)..];
        }

        return attempts;
    }

}
