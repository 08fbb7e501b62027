using System.Buffers.Binary;

namespace DelayQueueApi.Store;

/// <summary>Numbers as scripts write them into texts: big-endian, of six bytes (u48 in Records.lua).</summary>
internal static class Stored
{
    public const int U48Bytes = 6;

    public static long U48(ReadOnlySpan<byte> bytes) =>
        ((long)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);

    public static void WriteU48(Span<byte> bytes, long number)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)(number >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[2..], (uint)number);
    }

    /// <summary>An instant, of ms since 1970.</summary>
    public static DateTimeOffset Instant(ReadOnlySpan<byte> bytes) => DateTimeOffset.FromUnixTimeMilliseconds(U48(bytes));
}
