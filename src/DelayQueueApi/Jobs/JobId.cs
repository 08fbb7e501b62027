using System.Buffers.Binary;
using System.Globalization;

namespace DelayQueueApi.Jobs;

/// <summary>
/// Names a job: <c>&lt;partition&gt;-&lt;ULID&gt;</c>, made by the store. Any text of a caller binds; one that no store of ours can have
/// made is a job that does not exist. The ULID is the id in the store and a check of it, so that most of those are known without asking.
/// </summary>
internal readonly record struct JobId(string Text)
{
    /// <summary>Length of an id in the store: instant (6), sequence number within it (3) and random bytes (5).</summary>
    public const int StoredBytes = 14;

    /// <summary>Of them, those at the end that are made by the service: the last byte of the sequence number, and the random ones.</summary>
    public const int TailBytes = 6;

    private const int CheckBytes = 2;
    private const char Separator = '-';
    private const int UlidLength = 26;
    private const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>By character: which digit it is, 32 and more for none.</summary>
    private static readonly byte[] Values = [.. Enumerable.Range(0, 128).Select(c => (byte)Digits.IndexOf((char)c))];

    /// <summary>The partition that the job is in; one that there never is where the text is not a job id.</summary>
    public int Partition =>
        Text is { Length: > UlidLength + 1 } && Text[^(UlidLength + 1)] == Separator && (Text[0] != '0' || Text.Length == UlidLength + 2)
        && int.TryParse(Text.AsSpan(0, Text.Length - UlidLength - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            ? partition : int.MaxValue;

    /// <summary>The id in the store, or null where the text is not a job id.</summary>
    public byte[]? Stored
    {
        get
        {
            if (Partition >= Store.Partitions.Most)
            {
                return null;
            }

            // 26 digits of 5 bits tell 128 bits, so that the first one has only three.
            var ulid = Text.AsSpan(Text.Length - UlidLength);
            if (ulid[0] > '7')
            {
                return null;
            }

            Span<byte> bytes = stackalloc byte[StoredBytes + CheckBytes];
            var (read, bits, at) = (0, -2, 0);
            foreach (var c in ulid)
            {
                var value = c < Values.Length ? Values[c] : byte.MaxValue;
                if (value >= Digits.Length)
                {
                    return null;
                }

                read = (read << 5) | value;
                bits += 5;
                if (bits >= 8)
                {
                    bits -= 8;
                    bytes[at++] = (byte)(read >> bits);
                }
            }

            var stored = bytes[..StoredBytes];
            return BinaryPrimitives.ReadUInt16BigEndian(bytes[StoredBytes..]) == Check(Partition, stored) ? stored.ToArray() : null;
        }
    }

    /// <param name="partition">The partition that it is in.</param>
    /// <param name="stored">The id in it; none for no job.</param>
    public static JobId FromStored(int partition, ReadOnlySpan<byte> stored)
    {
        if (stored.IsEmpty)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[StoredBytes + CheckBytes];
        stored.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[StoredBytes..], Check(partition, stored));
        Span<char> text = stackalloc char[3 + UlidLength];
        partition.TryFormat(text, out var at, provider: CultureInfo.InvariantCulture);
        text[at++] = Separator;
        var (left, bits) = (0, 2);
        foreach (var value in bytes)
        {
            left = (left << 8) | value;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text[at++] = Digits[(left >> bits) & 31];
            }
        }

        return new JobId(new string(text[..at]));
    }

    public static bool TryParse(string? text, out JobId id)
    {
        id = new JobId(text ?? "");
        return true;
    }

    /// <summary>The id in a call's address.</summary>
    public static JobId In(HttpContext http) => new((string)http.GetRouteValue("id")!);

    public override string ToString() => Text;

    /// <summary>CRC-16/CCITT: any change of up to 16 bits in a row, as of a digit or two neighbours that swap, changes it; so does another partition.</summary>
    private static ushort Check(int partition, ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFF ^ partition;
        foreach (var value in bytes)
        {
            var x = (crc >> 8) ^ value;
            x ^= x >> 4;
            crc = ((crc << 8) ^ (x << 12) ^ (x << 5) ^ x) & 0xFFFF;
        }

        return (ushort)crc;
    }
}
