using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;

namespace DelayQueueApi.Jobs;

/// <summary>
/// A job as it lies in the store (docs/keyspace.md). Scripts write the header; the body is made here and only copied by
/// scripts: queue and, where there are any, options, backoff, metadata and traceparent, each behind its length, then the payload.
/// </summary>
internal sealed record JobRecord
{
    public const int HeaderBytes = 9;

    /// <summary>Enqueued-at, most attempts and lease, where they are not the instant of the id and the usual limits.</summary>
    public const int TermsBytes = 12;

    private const int LeaseBytes = 31;

    /// <summary>Before options, backoff, metadata and traceparent.</summary>
    private const int LengthBytes = 1 + 1 + 2 + 1;

    /// <summary>In the length of the queue's name: options, backoff, metadata and traceparent follow.</summary>
    private const byte DetailsFollow = 0x80;

    /// <summary>Bits of the mark, which is a digit or what follows digits.</summary>
    private const int CancelMark = 1, LeaseFollows = 4, TermsFollow = 8, RunAtIsDelay = 16;

    /// <summary>The lease of a job that no worker has had.</summary>
    private static readonly byte[] NoLease = new byte[LeaseBytes];

    /// <summary>The record's bytes.</summary>
    public required ReadOnlyMemory<byte> Stored { get; init; }

    public required JobId Id { get; init; }

    public required StoredState State { get; init; }

    public required int Priority { get; init; }

    public required bool CancelRequested { get; init; }

    public required DateTimeOffset RunAt { get; init; }

    public required DateTimeOffset EnqueuedAt { get; init; }

    public required long Fence { get; init; }

    /// <summary>End of the lease while leased; when it died, was completed or expired.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Fence and nonce, as a <see cref="Leases.LeaseToken"/> names its lease.</summary>
    public required ReadOnlyMemory<byte> Lease { get; init; }

    public required int Attempt { get; init; }

    public required int MaxAttempts { get; init; }

    public required int Nacks { get; init; }

    public required int Expiries { get; init; }

    public required int Releases { get; init; }

    /// <summary>The job's own lease, ms; 0 where it has none.</summary>
    public required long LeaseMs { get; init; }

    public required string Worker { get; init; }

    /// <summary>Its last error and attempts, for <see cref="JobPast"/>.</summary>
    public required ReadOnlyMemory<byte> Past { get; init; }

    /// <summary>Of a completed or expired job: until when it is kept.</summary>
    public required DateTimeOffset? KeptUntil { get; init; }

    /// <summary>Of a completed job: what its worker has left.</summary>
    public required RawJson? Result { get; init; }

    public required JobOptions Options { get; init; }

    public required string StoredQueue { get; init; }

    public required Backoff? Backoff { get; init; }

    public required Dictionary<string, string>? Metadata { get; init; }

    public required string? Traceparent { get; init; }

    public required RawJson Payload { get; init; }

    public QueueName Queue => QueueName.FromStored(StoredQueue);

    /// <summary>The instant from which it may not start any more; null for none, also once a worker has had it.</summary>
    public DateTimeOffset? StartBy => State == StoredState.Pending && Fence == 0 && Options.TtlMs is { } ttl
        && ttl <= Limits.LastInstantMs - RunAt.ToUnixTimeMilliseconds() ? RunAt.AddMilliseconds(ttl) : null;

    /// <summary>Whether time has taken it away, though nothing has looked at it since.</summary>
    public bool IsGone(DateTimeOffset now) => KeptUntil <= now
        || (State == StoredState.Leased && CancelRequested && At <= now)
        || (StartBy <= now && Options.RetentionMs == 0);

    /// <summary>
    /// The record of a job to be made, of the usual terms. Its run-at is an instant where one was asked for, and else a delay: when it is made,
    /// the store knows.
    /// </summary>
    public static byte[] EncodeNew(
        int priority, long delayMs, DateTimeOffset? runAt,
        QueueName queue, JobOptions options, Backoff? backoff, Dictionary<string, string>? metadata, string? traceparent, RawJson payload)
    {
        var record = Encode(HeaderBytes, queue, options, backoff, metadata, traceparent, payload);
        Store.Stored.WriteU48(record.AsSpan(HeaderBytes - Store.Stored.U48Bytes), runAt?.ToUnixTimeMilliseconds() ?? delayMs);
        record[0] = (byte)StoredState.Pending;
        record[1] = (byte)('0' + priority);
        record[2] = (byte)('0' + (runAt is null ? RunAtIsDelay : 0));
        return record;
    }

    public static byte[] EncodeBody(
        QueueName queue, JobOptions options, Backoff? backoff, Dictionary<string, string>? metadata, string? traceparent, RawJson payload) =>
        Encode(0, queue, options, backoff, metadata, traceparent, payload);

    /// <param name="header">How many bytes to leave before the body.</param>
    private static byte[] Encode(
        int header, QueueName queue, JobOptions options, Backoff? backoff, Dictionary<string, string>? metadata, string? traceparent, RawJson payload)
    {
        var asked = options.ToStored();
        var stored = backoff?.ToStored() ?? "";
        var pairs = metadata is { Count: > 0 } ? JsonSerializer.SerializeToUtf8Bytes(metadata, WireJson.Default.DictionaryStringString) : [];
        var trace = traceparent ?? "";
        var details = asked.Length + stored.Length + pairs.Length + trace.Length;
        var name = queue.Short;
        var record = new byte[header + 1 + name.Length + (details > 0 ? LengthBytes + details : 0) + payload.Utf8.Length];
        var rest = record.AsSpan(header);

        Put(ref rest, name);
        if (details > 0)
        {
            record[header] |= DetailsFollow;
            Put(ref rest, asked);
            Put(ref rest, stored);
            BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)pairs.Length);
            pairs.CopyTo(rest[2..]);
            rest = rest[(2 + pairs.Length)..];
            Put(ref rest, trace);
        }

        payload.Utf8.Span.CopyTo(rest);
        return record;

        static void Put(ref Span<byte> rest, ReadOnlySpan<char> text)
        {
            rest[0] = checked((byte)text.Length);
            rest = rest[(1 + Encoding.ASCII.GetBytes(text, rest[1..]))..];
        }
    }

    /// <summary>Whether a body tells options.</summary>
    public static bool HasOptions(ReadOnlySpan<byte> body) => body[0] >= DetailsFollow && body[1 + (body[0] & ~DetailsFollow)] > 0;

    /// <param name="partition">The partition that it is in.</param>
    /// <param name="id">Its id in it.</param>
    /// <param name="record">Its record.</param>
    public static JobRecord Decode(int partition, ReadOnlySpan<byte> id, ReadOnlyMemory<byte> record)
    {
        var rest = record;
        var header = Take(ref rest, HeaderBytes).Span;
        var mark = header[2] - '0';
        var leased = (mark & LeaseFollows) != 0 ? Take(ref rest, LeaseBytes) : NoLease;
        var lease = leased.Span;
        var worker = Take(ref rest, lease[28]);
        var past = Take(ref rest, U16(lease, 29));
        var state = (StoredState)header[0];
        DateTimeOffset? keptUntil = null;
        var result = ReadOnlyMemory<byte>.Empty;
        if (state is StoredState.Completed or StoredState.Expired)
        {
            keptUntil = Store.Stored.Instant(rest.Span);
            result = Take(ref rest, BinaryPrimitives.ReadInt32BigEndian(rest.Span[6..]), skip: 10);
        }

        var terms = (mark & TermsFollow) != 0 ? Take(ref rest, TermsBytes).Span : default;
        var detailsFollow = (rest.Span[0] & DetailsFollow) != 0;
        var queue = Take(ref rest, rest.Span[0] & ~DetailsFollow, skip: 1);
        var (options, backoff, metadata, traceparent) = (ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty);
        if (detailsFollow)
        {
            options = TakeShort(ref rest);
            backoff = TakeShort(ref rest);
            metadata = Take(ref rest, BinaryPrimitives.ReadUInt16BigEndian(rest.Span), skip: 2);
            traceparent = TakeShort(ref rest);
        }

        return new JobRecord
        {
            Stored = record,
            Id = JobId.FromStored(partition, id),
            State = state,
            Priority = header[1] - '0',
            CancelRequested = (mark & CancelMark) != 0,
            RunAt = (mark & RunAtIsDelay) != 0 ? Store.Stored.Instant(id).AddMilliseconds(Store.Stored.U48(header[3..])) : Store.Stored.Instant(header[3..]),
            EnqueuedAt = Store.Stored.Instant(terms.IsEmpty ? id : terms),
            MaxAttempts = terms.IsEmpty ? Limits.DefaultMaxAttempts : U16(terms, 6),
            LeaseMs = terms.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32BigEndian(terms[8..]),
            Fence = Store.Stored.U48(lease),
            Lease = leased[..Leases.LeaseToken.NameBytes],
            At = Store.Stored.Instant(lease[Leases.LeaseToken.NameBytes..]),
            Attempt = U16(lease, 20),
            Nacks = U16(lease, 22),
            Expiries = U16(lease, 24),
            Releases = U16(lease, 26),
            Worker = Encoding.UTF8.GetString(worker.Span),
            Past = past,
            KeptUntil = keptUntil,
            Result = result.IsEmpty ? null : new RawJson(result),
            Options = JobOptions.FromStored(Encoding.ASCII.GetString(options.Span)),
            StoredQueue = QueueName.StoredFrom(queue.Span),
            Backoff = Backoff.FromStored(Encoding.ASCII.GetString(backoff.Span)),
            Metadata = metadata.IsEmpty ? null : JsonSerializer.Deserialize(metadata.Span, WireJson.Default.DictionaryStringString),
            Traceparent = traceparent.IsEmpty ? null : Encoding.ASCII.GetString(traceparent.Span),
            Payload = new RawJson(rest),
        };

        static int U16(ReadOnlySpan<byte> part, int offset) => BinaryPrimitives.ReadUInt16BigEndian(part[offset..]);
    }

    /// <returns>The queue that a record names in the store; null where it is not a whole record of a job.</returns>
    public static string? QueueIn(byte[] id, byte[] record)
    {
        try
        {
            var job = Decode(0, id, record);
            var leaseFollows = ((record[2] - '0') & LeaseFollows) != 0;
            var isWhole = id.Length == JobId.StoredBytes && Enum.IsDefined(job.State) && job.Priority is >= Limits.MinPriority and <= Limits.MaxPriority
                && (leaseFollows || job.State == StoredState.Pending) && QueueName.IsStored(job.StoredQueue);
            JsonDocument.Parse(job.Payload.Utf8).Dispose();
            return isWhole ? job.StoredQueue : null;
        }
#pragma warning disable CA1031 // Bytes of any kind fail in any way.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
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
    Completed = (byte)'C',
    Expired = (byte)'E',
}
