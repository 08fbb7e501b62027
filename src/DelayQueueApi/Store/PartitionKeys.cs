using System.Collections.Concurrent;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>A partition, by the names of its keys, in the order in which Prelude.lua reads them. All lie in one hash slot.</summary>
/// <param name="prefix">First part of every key.</param>
/// <param name="number">From 0.</param>
/// <param name="tag">The part of its keys that decides on their slot.</param>
internal sealed class PartitionKeys(string prefix, int number, string tag)
{
    public const int Priorities = 10;

    private const int MaxQueuesKnown = 10_000;

    private static readonly string[] QueueKeys =
        [.. Enumerable.Range(0, Priorities).Select(priority => $"p{priority}"), "leased", "dead", "start-by", "completed", "expired", "stats"];

    private readonly string root = $"{prefix}:{{{tag}}}:";
    private readonly ConcurrentDictionary<string, RedisKey[]> queuesKnown = new();
    private readonly RedisKey[] shared = Array.ConvertAll(
        ["jobs", "queues", "last-id", "settled:0", "settled:1", "idempotency:0", "idempotency:1", "claims:0", "claims:1", "names", "unique", "events", "events:last"],
        name => InBytes($"{prefix}:{{{tag}}}:{name}"));

    /// <summary>From 0; the first part of its jobs' ids.</summary>
    public int Number => number;

    public RedisKey Jobs => shared[0];

    public RedisKey Queues => shared[1];

    public RedisKey LastId => shared[2];

    /// <summary>The two generations of remembered idempotency keys.</summary>
    public RedisKey[] Idempotency => shared[5..7];

    /// <summary>The schedules' records, their names in order, and which is due when: as Schedules.lua takes them.</summary>
    public RedisKey[] Schedules => [root + "schedules", root + "schedules:names", root + "schedules:due"];

    /// <summary>Every queue that there is, in the order of their names.</summary>
    public RedisKey Names => shared[9];

    /// <summary>How many partitions the deployment has had; in the first one only.</summary>
    public RedisKey Count => root + "partitions";

    /// <summary>Which job holds which unique key.</summary>
    public RedisKey Unique => shared[10];

    /// <summary>The newest changes, as ChangeLog.lua writes them.</summary>
    public RedisKey Events => shared[11];

    /// <summary>Records that cannot be read, put aside by fsck.</summary>
    public RedisKey LostAndFound => root + "lost+found";

    /// <summary>What the keys of all queues look like, for SCAN; <see cref="QueueOf"/> reads them.</summary>
    public string OfQueues => root + "q:*";

    /// <summary>Counts what durability receipts have written to wait for it.</summary>
    public RedisKey Receipts => root + "receipts";

    /// <summary>How much a caller has used of its rate, where instances share rates.</summary>
    public RedisKey RateOf(string caller) => InBytes($"{root}rate:{caller}");

    /// <summary>Channel on which scripts tell that a job has ended for whose end somebody waits.</summary>
    public RedisChannel Ended => RedisChannel.Literal(root + "ended");

    /// <summary>Channel on which instances tell each other that a queue has a new first job.</summary>
    public RedisChannel Wake => RedisChannel.Literal(root + "wake");

    /// <summary>Every key a script on these queues may touch, and further ones behind them.</summary>
    public RedisKey[] For(IReadOnlyList<string> queues, params ReadOnlySpan<RedisKey> further)
    {
        var all = new RedisKey[shared.Length + (queues.Count * QueueKeys.Length) + further.Length];
        shared.CopyTo(all.AsSpan());
        for (var i = 0; i < queues.Count; i++)
        {
            Queue(queues[i]).CopyTo(all.AsSpan(shared.Length + (i * QueueKeys.Length)));
        }

        further.CopyTo(all.AsSpan(all.Length - further.Length));
        return all;
    }

    /// <summary>The zsets of a queue that are derived from records: pending by priority, then the others.</summary>
    public IEnumerable<RedisKey> Indexes(string queue) => Queue(queue).SkipLast(1);

    /// <returns>The queue that a key belongs to.</returns>
    public string QueueOf(RedisKey key)
    {
        var text = key.ToString();
        var from = OfQueues.Length - 1;
        return text[from..Math.Max(from, text.LastIndexOf(':'))];
    }

    /// <summary>They are the same in every call, and so made once: in bytes, as they travel.</summary>
    private RedisKey[] Queue(string queue)
    {
        if (queuesKnown.TryGetValue(queue, out var known))
        {
            return known;
        }

        if (queuesKnown.Count >= MaxQueuesKnown)
        {
            queuesKnown.Clear();
        }

        return queuesKnown[queue] = Array.ConvertAll(QueueKeys, name => InBytes($"{root}q:{queue}:{name}"));
    }

    private static RedisKey InBytes(string key) => System.Text.Encoding.UTF8.GetBytes(key);
}
