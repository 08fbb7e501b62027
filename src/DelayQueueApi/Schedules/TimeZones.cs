using System.Text.RegularExpressions;

namespace DelayQueueApi.Schedules;

/// <summary>IANA time zones, as the operating system's tzdata knows them.</summary>
internal static partial class TimeZones
{
    public const string Default = "UTC";

    /// <returns>The zone, or null where there is none of this very name.</returns>
    public static TimeZoneInfo? Find(string name) =>
        // A name is looked up as a path below the folder of zones.
        name.Length <= 64 && Pattern().IsMatch(name) && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.Id == name ? zone : null;

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}\z")]
    private static partial Regex Pattern();
}
