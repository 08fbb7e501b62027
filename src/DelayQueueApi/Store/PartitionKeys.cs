using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>The names of a partition's keys, in the order in which Prelude.lua reads them. All lie in one hash slot.</summary>
internal sealed class PartitionKeys(string prefix, int partition = 0)
{
    public const int Priorities = 10;

    private readonly string root = $"{prefix}:{{{partition}}}:";

    public RedisKey Jobs => root + "jobs";

    public RedisKey Queues => root + "queues";

    public RedisKey LastId => root + "last-id";

    /// <summary>The two generations of remembered idempotency keys.</summary>
    public RedisKey[] Idempotency => [root + "idempotency:0", root + "idempotency:1"];

    /// <summary>The schedules' records, their names in order, and which is due when: as Schedules.lua takes them.</summary>
    public RedisKey[] Schedules => [root + "schedules", root + "schedules:names", root + "schedules:due"];

    /// <summary>Every queue that there is, in the order of their names.</summary>
    public RedisKey Names => root + "names";

    /// <summary>Which job holds which unique key.</summary>
    public RedisKey Unique => root + "unique";

    /// <summary>Channel on which scripts tell that a job has ended for whose end somebody waits.</summary>
    public RedisChannel Ended => RedisChannel.Literal(root + "ended");

    /// <summary>Channel on which instances tell each other that a queue has a new first job.</summary>
    public RedisChannel Wake => RedisChannel.Literal(root + "wake");

    /// <summary>Every key a script on these queues may touch.</summary>
    public RedisKey[] For(IReadOnlyList<string> queues) =>
    [
        Jobs, Queues, LastId,
        root + "settled:0", root + "settled:1", .. Idempotency, root + "claims:0", root + "claims:1", Names, Unique,
        .. queues.SelectMany(Queue),
    ];

    /// <summary>The zsets of a queue that are derived from records: pending by priority, then the others.</summary>
    public IEnumerable<RedisKey> Indexes(string queue) => Queue(queue).SkipLast(1);

    private IEnumerable<RedisKey> Queue(string queue)
    {
        var start = root + "q:" + queue + ":";
        for (var priority = 0; priority < Priorities; priority++)
        {
            yield return start + "p" + (char)('0' + priority);
        }

        yield return start + "leased";
        yield return start + "dead";
        yield return start + "start-by";
        yield return start + "completed";
        yield return start + "expired";
        yield return start + "stats";
    }
}
