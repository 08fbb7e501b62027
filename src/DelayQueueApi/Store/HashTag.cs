using System.Text;

namespace DelayQueueApi.Store;

/// <summary>
/// The part of a partition's keys that decides on their slot in a Redis Cluster: its number, with letters behind it that put it where
/// it belongs. A cluster gives each node a range of slots, so that partitions must lie evenly among them to have equal work for the nodes;
/// the plain numbers do not.
/// </summary>
internal static class HashTag
{
    private const int Slots = 16384;

    /// <summary>Near enough to where it belongs.</summary>
    private const int Nearness = Slots / 128;

    public static string Of(int partition)
    {
        var target = (SlotOf("0") + (long)(Spread(partition) * Slots)) % Slots;
        for (var suffix = 0; ; suffix++)
        {
            var tag = partition + Letters(suffix);
            var distance = Math.Abs(SlotOf(tag) - target);
            if (Math.Min(distance, Slots - distance) < Nearness)
            {
                return tag;
            }
        }
    }

    /// <summary>The slot of a key with the tag: CRC-16/XMODEM. Source: Redis Cluster specification.</summary>
    public static int SlotOf(string tag)
    {
        var crc = 0;
        foreach (var value in Encoding.ASCII.GetBytes(tag))
        {
            crc ^= value << 8;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = ((crc & 0x8000) == 0 ? crc << 1 : (crc << 1) ^ 0x1021) & 0xFFFF;
            }
        }

        return crc % Slots;
    }

    /// <summary>0, 1/3, 2/3, 1/9, 4/9, 7/9, …: any three in a row lie in three different thirds, as most clusters have three nodes. Source: van der Corput.</summary>
    private static double Spread(int partition)
    {
        var (spread, unit) = (0.0, 1.0);
        for (; partition > 0; partition /= 3)
        {
            unit /= 3;
            spread += partition % 3 * unit;
        }

        return spread;
    }

    private static string Letters(int suffix) => suffix == 0 ? "" : Letters((suffix - 1) / 26) + (char)('a' + ((suffix - 1) % 26));
}
