using System.Text;
using System.Text.RegularExpressions;

namespace DelayQueueApi.Jobs;

/// <summary>What a job may ask for beyond being run, as Records.lua reads it: one short text, absent where nothing is asked for.</summary>
/// <param name="TtlMs">How long after its run-at it may still start.</param>
/// <param name="RetentionMs">How long it is kept after its end.</param>
/// <param name="Unique">What keeps others like it out.</param>
internal sealed partial record JobOptions(long? TtlMs = null, long? RetentionMs = null, Unique? Unique = null)
{
    public static readonly JobOptions None = new();

    public string ToStored()
    {
        if (this == None)
        {
            return "";
        }

        var text = new StringBuilder();
        _ = TtlMs is { } ttl ? text.Append('t').Append(ttl) : text;
        _ = RetentionMs is { } retention ? text.Append('r').Append(retention) : text;
        _ = Unique is { } unique ? text.Append('u').Append(unique.Until == UniqueUntil.Started ? 's' : 'f').Append(unique.Key) : text;
        return text.ToString();
    }

    public static JobOptions FromStored(string stored)
    {
        if (stored.Length == 0)
        {
            return None;
        }

        var parts = Pattern().Match(stored).Groups;
        return new JobOptions(
            parts["ttl"].Success ? long.Parse(parts["ttl"].ValueSpan) : null,
            parts["retention"].Success ? long.Parse(parts["retention"].ValueSpan) : null,
            parts["key"].Success ? new Unique(parts["key"].Value, parts["until"].Value == "s" ? UniqueUntil.Started : UniqueUntil.Finished) : null);
    }

    [GeneratedRegex(@"\A(t(?<ttl>\d+))?(r(?<retention>\d+))?(u(?<until>[fs])(?<key>.*))?\z")]
    private static partial Regex Pattern();
}
