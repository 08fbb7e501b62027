using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;

namespace DelayQueueApi.Jobs;

/// <summary>
/// A job as it lies in the store (docs/keyspace.md). Scripts write the header; the body is made here and only copied by
/// scripts: queue, backoff, metadata, traceparent, each behind its length, then the payload.
/// </summary>
internal sealed record JobRecord
{
    private const int HeaderBytes = 52;
    private const int BodyLengthBytes = 1 + 1 + 2 + 1;

    /// <summary>The record's bytes.</summary>
    public required ReadOnlyMemory<byte> Stored { get; init; }

    public required JobId Id { get; init; }

    public required StoredState State { get; init; }

    public required int Priority { get; init; }

    public required bool CancelRequested { get; init; }

    public required DateTimeOffset RunAt { get; init; }

    public required DateTimeOffset EnqueuedAt { get; init; }

    public required long Fence { get; init; }

    /// <summary>End of the lease while leased; time of death when dead.</summary>
    public required DateTimeOffset At { get; init; }

    public required ReadOnlyMemory<byte> Nonce { get; init; }

    public required int Attempt { get; init; }

    public required int MaxAttempts { get; init; }

    public required int Nacks { get; init; }

    public required int Expiries { get; init; }

    public required int Releases { get; init; }

    /// <summary>The job's own lease, ms; 0 where it has none.</summary>
    public required long LeaseMs { get; init; }

    public required string Worker { get; init; }

    public required JobError? Error { get; init; }

    public required string StoredQueue { get; init; }

    public required Backoff? Backoff { get; init; }

    public required Dictionary<string, string>? Metadata { get; init; }

    public required string? Traceparent { get; init; }

    public required RawJson Payload { get; init; }

    public QueueName Queue => QueueName.FromStored(StoredQueue);

    public static byte[] EncodeBody(string queue, Backoff? backoff, Dictionary<string, string>? metadata, string? traceparent, RawJson payload)
    {
        var stored = backoff?.ToStored() ?? "";
        var pairs = metadata is { Count: > 0 } ? JsonSerializer.SerializeToUtf8Bytes(metadata, WireJson.Default.DictionaryStringString) : [];
        var trace = traceparent ?? "";
        var body = new byte[BodyLengthBytes + queue.Length + stored.Length + pairs.Length + trace.Length + payload.Utf8.Length];
        var rest = body.AsSpan();

        Put(ref rest, queue);
        Put(ref rest, stored);
        BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)pairs.Length);
        pairs.CopyTo(rest[2..]);
        rest = rest[(2 + pairs.Length)..];
        Put(ref rest, trace);
        payload.Utf8.Span.CopyTo(rest);
        return body;

        static void Put(ref Span<byte> rest, string text)
        {
            rest[0] = checked((byte)text.Length);
            rest = rest[(1 + Encoding.ASCII.GetBytes(text, rest[1..]))..];
        }
    }

    public static JobRecord Decode(string ulid, ReadOnlyMemory<byte> record)
    {
        var header = record.Span;
        var rest = record[HeaderBytes..];
        var worker = Take(ref rest, header[49]);
        var error = Take(ref rest, U16(50));
        var queue = TakeShort(ref rest);
        var backoff = TakeShort(ref rest);
        var metadata = Take(ref rest, BinaryPrimitives.ReadUInt16BigEndian(rest.Span), skip: 2);
        var traceparent = TakeShort(ref rest);

        return new JobRecord
        {
            Stored = record,
            Id = JobId.FromUlid(ulid),
            State = (StoredState)header[0],
            Priority = header[1] - '0',
            CancelRequested = header[2] == 'x',
            RunAt = Instant(3),
            EnqueuedAt = Instant(9),
            Fence = U48(15),
            At = Instant(21),
            Nonce = record.Slice(27, 8),
            Attempt = U16(35),
            MaxAttempts = U16(37),
            Nacks = U16(39),
            Expiries = U16(41),
            Releases = U16(43),
            LeaseMs = BinaryPrimitives.ReadUInt32BigEndian(record.Span[45..]),
            Worker = Encoding.UTF8.GetString(worker.Span),
            Error = error.IsEmpty ? null : JobError.Decode(error.Span),
            StoredQueue = Encoding.ASCII.GetString(queue.Span),
            Backoff = Backoff.FromStored(Encoding.ASCII.GetString(backoff.Span)),
            Metadata = metadata.IsEmpty ? null : JsonSerializer.Deserialize(metadata.Span, WireJson.Default.DictionaryStringString),
            Traceparent = traceparent.IsEmpty ? null : Encoding.ASCII.GetString(traceparent.Span),
            Payload = new RawJson(rest),
        };

        int U16(int offset) => BinaryPrimitives.ReadUInt16BigEndian(record.Span[offset..]);
        long U48(int offset) => ((long)U16(offset) << 32) | BinaryPrimitives.ReadUInt32BigEndian(record.Span[(offset + 2)..]);
        DateTimeOffset Instant(int offset) => DateTimeOffset.FromUnixTimeMilliseconds(U48(offset));
    }

    private static ReadOnlyMemory<byte> TakeShort(ref ReadOnlyMemory<byte> rest) => Take(ref rest, rest.Span[0], skip: 1);

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> rest, int length, int skip = 0)
    {
        var taken = rest.Slice(skip, length);
        rest = rest[(skip + length)..];
        return taken;
    }
}

/// <summary>States that a record tells; scheduled and ready are both pending, before and from its run-at on.</summary>
internal enum StoredState : byte
{
    Pending = (byte)'P',
    Leased = (byte)'L',
    Dead = (byte)'D',
}

/// <summary>Why the last attempt failed, in the worker's words.</summary>
/// <param name="Message">What went wrong.</param>
/// <param name="Type">Kind of error, for grouping.</param>
internal sealed record JobError(string? Message = null, string? Type = null)
{
    public byte[] Encode() => Encoding.UTF8.GetBytes($"{Type}\0{Message}");

    public static JobError Decode(ReadOnlySpan<byte> stored)
    {
        var end = stored.IndexOf((byte)0);
        var (type, message) = (Encoding.UTF8.GetString(stored[..end]), Encoding.UTF8.GetString(stored[(end + 1)..]));
        return new JobError(message.Length == 0 ? null : message, type.Length == 0 ? null : type);
    }
}
