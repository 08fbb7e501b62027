using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>What time alone has made of a job, as a script has found it.</summary>
internal sealed record Lapse(JobId Id, QueueName Queue, Lapsed What)
{
    /// <param name="reply">Three values a job: id, index of its queue, and what.</param>
    public static IReadOnlyList<Lapse> Read(RedisResult reply, PartitionKeys partition, ScriptCall call) => reply.Length == 0 ? []
        : [.. ((RedisResult[])reply!).Chunk(3).Select(job => new Lapse(
            JobId.FromStored(partition.Number, (byte[])job[0]!), QueueName.FromStored(call.Queues[(int)job[1] - 1]), (Lapsed)(int)job[2]))];
}

/// <summary>As Transitions.lua notes it.</summary>
internal enum Lapsed
{
    /// <summary>It is tried again.</summary>
    LeaseEnded = 1,

    /// <summary>It is dead.</summary>
    LastLeaseEnded = 2,

    /// <summary>Its worker has not let go before its lease ended.</summary>
    Cancelled = 3,

    /// <summary>No worker had it in time.</summary>
    Expired = 4,
}
