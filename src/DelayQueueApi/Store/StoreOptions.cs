using System.ComponentModel.DataAnnotations;

namespace DelayQueueApi.Store;

/// <summary>Section <c>Store</c>. The address of Redis is <c>ConnectionStrings:Redis</c>; without it the embedded store is used.</summary>
internal sealed class StoreOptions
{
    /// <summary>Folder of the embedded store; one process at a time may use it.</summary>
    [Required]
    public string DataDirectory { get; set; } = "./data";

    /// <summary>First part of every key in the store: lower-case letters, digits and hyphens.</summary>
    [RegularExpression("^[a-z0-9-]{1,32}$")]
    public string KeyPrefix { get; set; } = "dq";

    /// <summary>How many partitions there are: more than one spreads the jobs over the nodes of a Redis Cluster. It may grow, not shrink.</summary>
    [Range(1, Store.Partitions.Most)]
    public int Partitions { get; set; } = 1;

    /// <summary>How long one call to the store may take, ms; after that its outcome is unknown.</summary>
    [Range(50, 60_000)]
    public int TimeoutMs { get; set; } = 750;

    /// <summary>How long leases hold at least after a failover that Sentinels have brought about, ms; 0 for no longer than they would.</summary>
    [Range(0, 60_000)]
    public int FailoverGraceMs { get; set; } = 5_000;

    /// <summary>The embedded store refuses new jobs once this process uses so many MiB of memory; 0 means half of what is available.</summary>
    [Range(0, 1_000_000)]
    public int EmbeddedMaxMemoryMiB { get; set; }

    /// <summary>Refuse to start on a store that may lose acknowledged jobs: one that keeps them in memory only, or evicts.</summary>
    public bool RequireDurable { get; set; }

    /// <summary>How long settled jobs are remembered at least, so that a repeated ack gets the same answer, ms.</summary>
    [Range(1_000, 3_600_000)]
    public int SettledRetentionMs { get; set; } = 60_000;

    /// <summary>How long an idempotency key is known where its request does not say, and the longest that one may say, ms.</summary>
    [Range(60_000, Http.Limits.MaxKeyKnownMs)]
    public int IdempotencyRetentionMs { get; set; } = 86_400_000;

    /// <summary>The most idempotency keys that are remembered in that time; beyond it the oldest are forgotten sooner.</summary>
    [Range(1, 1_000_000_000)]
    public int IdempotencyKeys { get; set; } = 5_000_000;
}
