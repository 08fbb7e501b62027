namespace DelayQueueApi.Http;

/// <summary>The bounds of what callers may send. Validators, schemas and docs all take them from here.</summary>
internal static class Limits
{
    public const int MinPriority = 0;
    public const int MaxPriority = 9;
    public const int DefaultPriority = 4;
    public const int MaxAttempts = 1_000;
    public const int DefaultMaxAttempts = 20;
    public const int MinLeaseMs = 1_000;
    public const int MaxLeaseMs = 12 * 3_600_000;
    public const int DefaultLeaseMs = 30_000;
    public const int MaxWaitMs = 60_000;
    public const int MaxWatchMs = 900_000;
    public const int MaxClaim = 100;
    public const int MaxBatch = 1_000;
    public const int MaxClaimIdLength = 64;
    public const int MaxQueuesPerClaim = 20;
    public const int MaxWorkerLength = 128;
    public const int MaxMetadataPairs = 32;
    public const int MaxMetadataBytes = 4_096;
    public const int MaxErrorBytes = 8_192;
    public const int MaxErrorTypeLength = 128;
    public const int MaxKeyLength = 255;
    public const int MaxUniqueKeyLength = 128;
    public const int MaxReplicas = 100;
    public const int MaxFollowUps = 20;
    public const int MaxResultBytes = 65_536;
    public const int MinKeyKnownMs = 1_000;
    public const int MaxKeyKnownMs = 7 * 86_400_000;
    public const int MaxQueueLength = 1_000_000_000;
    public const int MaxRetained = 1_000_000;
    public const int MaxRedrivesPerSecond = 1_000;
    public const int MinIntervalMs = 1_000;
    public const int MaxCronLength = 128;
    public const int MaxPage = 1_000;
    public const int DefaultPage = 100;
    public const int MaxInstants = 100;
    public const int DefaultInstants = 10;
    public const int MaxNamedJobs = 1_000;
    public const int MaxRedrive = 1_000_000;
    public const int MaxDeadLookedAt = 100_000;
    public const int DefaultDeadLookedAt = 10_000;
    public const int MaxDueBuckets = 240;
    public const int DefaultDueBuckets = 60;
    public const int MinDueMs = 1_000;
    public const int MaxDueMs = 7 * 86_400_000;
    public const int DefaultDueMs = 3_600_000;

    /// <summary>365 days.</summary>
    public const long MaxBackoffMs = 365L * 86_400_000;

    /// <summary>365 days.</summary>
    public const long MaxTtlMs = 365L * 86_400_000;

    /// <summary>365 days.</summary>
    public const long MaxRetentionMs = 365L * 86_400_000;

    /// <summary>365 days.</summary>
    public const long MaxIntervalMs = 365L * 86_400_000;

    /// <summary>9999-12-31T23:59:59.999Z in milliseconds since 1970.</summary>
    public const long LastInstantMs = 253_402_300_799_999;

    /// <summary>The longest delay, about 7,900 years: from any instant of this century it ends before the year 10000.</summary>
    public const long MaxDelayMs = 250_000_000_000_000;

    public static string Between(long least, long most) => $"must be a whole number from {least} to {most}";
}
