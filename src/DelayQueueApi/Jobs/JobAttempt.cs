using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Serialization;
using DelayQueueApi.Http;

namespace DelayQueueApi.Jobs;

/// <summary>How an attempt went.</summary>
/// <param name="Attempt">Its number; a released one has the number of the one after it.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="StartedAt">When it was claimed.</param>
/// <param name="EndedAt">When it was settled, or its lease ended.</param>
/// <param name="Worker">The name that the worker gave.</param>
/// <param name="Error">Of a nack: why; at most 1 KiB of it is kept here.</param>
internal sealed record JobAttempt(
    int Attempt, AttemptOutcome Outcome, DateTimeOffset StartedAt, DateTimeOffset EndedAt, string? Worker = null, JobError? Error = null);

/// <summary>acked: done. nacked: the worker gave it back as failed. expired: its lease ran out. released: it was given back unharmed.</summary>
[JsonConverter(typeof(KebabCaseEnum<AttemptOutcome>))]
internal enum AttemptOutcome
{
    Acked,
    Nacked,
    Expired,
    Released,
}

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
                BinaryPrimitives.ReadUInt16BigEndian(rest), outcome, Instant(rest[2..]), Instant(rest[8..]),
                worker > 0 ? Encoding.UTF8.GetString(rest.Slice(EntryBytes, worker)) : null,
                error > 0 ? JobError.Decode(rest.Slice(EntryBytes + worker, error)) : null));
            rest = rest[(EntryBytes + worker + error)..];
        }

        return attempts;
    }

    private static DateTimeOffset Instant(ReadOnlySpan<byte> bytes) => DateTimeOffset.FromUnixTimeMilliseconds(
        ((long)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]));
}

/// <summary>Why an attempt failed, in the worker's words.</summary>
/// <param name="Message">What went wrong.</param>
/// <param name="Type">Kind of error, for grouping.</param>
internal sealed record JobError(string? Message = null, string? Type = null)
{
    public byte[] Encode() => Encoding.UTF8.GetBytes($"{Type}\0{Message}");

    /// <returns>Null where nothing was said.</returns>
    public static JobError? Decode(ReadOnlySpan<byte> stored)
    {
        // Where it was cut to be kept, the type alone may be left.
        var end = stored.IndexOf((byte)0) is var at and >= 0 ? at : stored.Length;
        var (type, message) = (Encoding.UTF8.GetString(stored[..end]), end < stored.Length ? Encoding.UTF8.GetString(stored[(end + 1)..]) : "");
        return type.Length + message.Length == 0 ? null : new JobError(message.Length == 0 ? null : message, type.Length == 0 ? null : type);
    }
}
