using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>The arguments of one script call: the partition that it works on, its queues, and what the script itself takes.</summary>
internal sealed class ScriptCall(PartitionKeys partition)
{
    private readonly List<string> queues = [];
    private readonly List<RedisValue> arguments = [];

    public IReadOnlyList<string> Queues => queues;

    public RedisKey[] Keys => partition.For(queues, FurtherKeys);

    /// <summary>Keys behind those of the queues, which only some scripts touch.</summary>
    public RedisKey[] FurtherKeys { get; init; } = [];

    /// <summary>How many operations the call is for.</summary>
    public int SharedBy { get; init; } = 1;

    /// <summary>Makes the keys of a queue known to the script.</summary>
    /// <returns>The number by which arguments name the queue, from 1.</returns>
    public int Queue(string queue)
    {
        var index = queues.IndexOf(queue);
        if (index < 0)
        {
            queues.Add(queue);
            index = queues.Count - 1;
        }

        return index + 1;
    }

    public ScriptCall Add(params ReadOnlySpan<RedisValue> values)
    {
        arguments.AddRange(values);
        return this;
    }

    /// <param name="now">The instant of the call, ms; "" for the store's clock.</param>
    /// <param name="eventsKept">How many entries of changes the store keeps.</param>
    public RedisValue[] Arguments(RedisValue now, int eventsKept) => [now, eventsKept, queues.Count, .. queues.ConvertAll(queue => (RedisValue)queue), .. arguments];
}
