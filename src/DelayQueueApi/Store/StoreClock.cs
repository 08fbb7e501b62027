using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>What scripts are told about the time: nothing, so that they ask the store. Hosts' clocks never matter.</summary>
internal class StoreClock
{
    /// <summary>Milliseconds since 1970, or the empty string for the store's own clock.</summary>
    public virtual RedisValue Now => RedisValue.EmptyString;
}
