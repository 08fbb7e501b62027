using Cronos;
using DelayQueueApi.Http;

namespace DelayQueueApi.Schedules;

/// <summary>The instants of a schedule.</summary>
/// <param name="definition">A valid one.</param>
/// <param name="anchor">From where intervals count if no start is given.</param>
/// <exception cref="TimeZoneNotFoundException">This machine does not know the schedule's time zone.</exception>
internal sealed class Recurrence(PutSchedule.Request definition, DateTimeOffset anchor)
{
    /// <summary>As far as Cronos looks ahead.</summary>
    private const int LastYear = 2499;

    private readonly CronExpression? cron = definition.Cron is { } text ? ParseCron(text) : null;
    private readonly DateTimeOffset first = definition.Start ?? anchor;
    private readonly DateTimeOffset end = definition.End ?? DateTimeOffset.FromUnixTimeMilliseconds(Limits.LastInstantMs);

    public TimeZoneInfo Zone { get; } = TimeZones.Find(definition.TimeZone ?? TimeZones.Default) ?? throw new TimeZoneNotFoundException(definition.TimeZone);

    /// <exception cref="CronFormatException">It is not an expression of five or six fields.</exception>
    public static CronExpression ParseCron(string text) => CronExpression.Parse(
        text, text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);

    /// <summary>The first instant later than another, or null where there is none.</summary>
    public DateTimeOffset? After(DateTimeOffset instant)
    {
        if (cron is null)
        {
            return instant < first ? Until(first) : Until(first, 1 + ((instant - first).Ticks / Interval.Ticks));
        }

        var inclusive = definition.Start > instant;
        var from = inclusive ? first : instant;
        return from <= end && from.Year <= LastYear && cron.GetNextOccurrence(from.ToUniversalTime(), Zone, inclusive) is { } next && next <= end ? next.ToUniversalTime() : null;
    }

    /// <summary>The last instant that is not later than another, or null where there is none.</summary>
    public DateTimeOffset? Latest(DateTimeOffset instant)
    {
        var limit = instant < end ? instant : end;
        return limit < first ? null
            : cron is null ? first + ((limit - first).Ticks / Interval.Ticks * Interval)
            : cron.GetPreviousOccurrence(limit.ToUniversalTime(), Zone, inclusive: true)?.ToUniversalTime();
    }

    private TimeSpan Interval => TimeSpan.FromMilliseconds(definition.IntervalMs!.Value);

    private DateTimeOffset? Until(DateTimeOffset from, long intervals = 0) =>
        intervals <= (end - from).Ticks / Interval.Ticks && from <= end ? from + (intervals * Interval) : null;
}
