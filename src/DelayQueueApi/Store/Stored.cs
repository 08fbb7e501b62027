using System.Buffers.Binary;

namespace DelayQueueApi.Store;

/// <summary>Numbers as scripts write them into texts: big-endian, of six bytes (u48 in Records.lua).</summary>
internal static class Stored
{
    public static long U48(ReadOnlySpan<byte> bytes) =>
        ((long)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);

    /// <summary>An instant, of ms since 1970.</summary>
    public static DateTimeOffset Instant(ReadOnlySpan<byte> bytes) => DateTimeOffset.FromUnixTimeMilliseconds(U48(bytes));
}
