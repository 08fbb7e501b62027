using System.Buffers.Binary;
using System.Security.Cryptography;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;

namespace DelayQueueApi.Schedules;

/// <summary>A schedule as it lies in the store (docs/keyspace.md): a header that scripts know, then the body of the PUT, byte for byte.</summary>
internal sealed record ScheduleRecord
{
    public const int StampBytes = 8;

    private const int HeaderBytes = 41;

    /// <summary>Another one after every change, so that nobody writes over what he has not read.</summary>
    public ReadOnlyMemory<byte> Stamp { get; private init; }

    /// <summary>The instant that fires next; null while paused, and after the last one.</summary>
    public DateTimeOffset? Next { get; init; }

    public bool Paused { get; init; }

    /// <summary>When the times of the schedule were set.</summary>
    public required DateTimeOffset Anchor { get; init; }

    /// <summary>The newest instant that has made a job.</summary>
    public DateTimeOffset? LastAt { get; private init; }

    /// <summary>That job; in the first partition, as schedules are.</summary>
    public JobId? LastJob { get; private init; }

    public required ReadOnlyMemory<byte> Body { get; init; }

    public PutSchedule.Request ReadDefinition() => RawJson.Read(Body, WireJson.Default.PutScheduleRequest)!;

    public static byte[] NewStamp() => RandomNumberGenerator.GetBytes(StampBytes);

    /// <returns>The record with a new stamp.</returns>
    public byte[] Encode()
    {
        var record = new byte[HeaderBytes + Body.Length];
        NewStamp().CopyTo(record, 0);
        PutInstant(8, Next);
        record[14] = Paused ? (byte)'p' : (byte)'-';
        PutInstant(15, Anchor);
        PutInstant(21, LastAt);
        LastJob?.Stored!.CopyTo(record, 27);
        Body.CopyTo(record.AsMemory(HeaderBytes));
        return record;

        void PutInstant(int offset, DateTimeOffset? instant)
        {
            var ms = instant?.ToUnixTimeMilliseconds() ?? 0;
            BinaryPrimitives.WriteUInt16BigEndian(record.AsSpan(offset), (ushort)(ms >> 32));
            BinaryPrimitives.WriteUInt32BigEndian(record.AsSpan(offset + 2), (uint)ms);
        }
    }

    public static ScheduleRecord Decode(ReadOnlyMemory<byte> record)
    {
        var lastJob = record.Span[27..HeaderBytes];
        return new ScheduleRecord
        {
            Stamp = record[..StampBytes],
            Next = Instant(8),
            Paused = record.Span[14] == 'p',
            Anchor = Instant(15)!.Value,
            LastAt = Instant(21),
            LastJob = lastJob.ContainsAnyExcept((byte)0) ? JobId.FromStored(0, lastJob) : null,
            Body = record[HeaderBytes..],
        };

        DateTimeOffset? Instant(int offset)
        {
            var ms = Stored.U48(record.Span[offset..]);
            return ms == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(ms);
        }
    }

    /// <returns>Whether bytes are a whole record.</returns>
    public static bool IsReadable(byte[] record)
    {
        try
        {
            Decode(record).ReadDefinition();
            return true;
        }
#pragma warning disable CA1031 // Bytes of any kind fail in any way.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }
}
