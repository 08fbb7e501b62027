using System.Globalization;

namespace DelayQueueApi.Events;

/// <summary>How far somebody has read a partition's log.</summary>
/// <param name="Entry">Number of the next entry.</param>
/// <param name="Told">So many of its events were told already.</param>
internal readonly record struct EventPosition(long Entry, int Told)
{
    private const int LongestNumber = 15;

    /// <summary>As clients send it back: a position a partition, <c>12-3</c>, or <c>13</c> where nothing of the entry was told.</summary>
    public static string Format(IEnumerable<EventPosition> positions) => string.Join(',', positions);

    /// <returns>A position a partition, those that the id does not know at the beginning; null where it is no id of this service.</returns>
    public static EventPosition[]? Parse(string id, int partitions)
    {
        var parts = id.Split(',');
        var positions = new EventPosition[partitions];
        for (var i = 0; i < parts.Length; i++)
        {
            if (i >= partitions || Parse(parts[i]) is not { } position)
            {
                return null;
            }

            positions[i] = position;
        }

        return positions;
    }

    public override string ToString() => Told == 0 ? Entry.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{Entry}-{Told}");

    private static EventPosition? Parse(string text)
    {
        var parts = text.Split('-');
        var told = 0;
        return parts.Length <= 2 && parts[0].Length <= LongestNumber && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var entry)
            && (parts.Length == 1 || int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out told)) ? new(entry, told) : null;
    }
}
