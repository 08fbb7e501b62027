namespace DelayQueueApi.Tests.Model;

/// <summary>A job that a producer asks for.</summary>
internal sealed record JobSpec(int DelayMs, int Priority, int? MaxAttempts, int? TtlMs, int? RetentionMs, UniqueSpec? Unique)
{
    public override string ToString() => $"+{DelayMs} p{Priority} x{MaxAttempts} ttl {TtlMs} keep {RetentionMs} {Unique}";
}

/// <param name="Until">finished or started.</param>
/// <param name="OnConflict">return, replace or reject.</param>
internal sealed record UniqueSpec(string Key, string Until, string OnConflict)
{
    public override string ToString() => $"{Key} until {Until}, {OnConflict}";
}

/// <summary>What an operator sets for a queue; null for what he does not.</summary>
internal sealed record QueueSpec(int? LeaseMs = null, int? MaxAttempts = null, int? RetentionMs = null, int? MaxLength = null, int? DeadRetentionMs = null)
{
    public override string ToString() => $"lease {LeaseMs} x{MaxAttempts} keep {RetentionMs} most {MaxLength} dead {DeadRetentionMs}";
}
