using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Events;

/// <summary>The log of changes that the scripts write.</summary>
internal sealed class EventStore(ScriptRunner scripts)
{
    /// <summary>So that others do not wait for a read.</summary>
    private const int EntriesPerCall = 200;

    private static readonly Script ReadScript = Script.Load("Events/ReadEvents.lua");

    /// <returns>The number of the entry that is written next.</returns>
    public async Task<long> NextAsync(PartitionKeys partition) => (await ReadAsync(partition, "")).Next;

    /// <param name="partition">Whose log.</param>
    /// <param name="from">Number of the first entry that is wanted.</param>
    public Task<EventPage> ReadAsync(PartitionKeys partition, long from) => ReadAsync(partition, (RedisValue)from);

    private async Task<EventPage> ReadAsync(PartitionKeys partition, RedisValue from)
    {
        var reply = (RedisResult[])(await scripts.RunAsync(ReadScript, new ScriptCall(partition).Add(from, EntriesPerCall)))!;
        var entries = Array.ConvertAll((byte[][])reply[2]!, entry => EventEntry.Read(partition.Number, entry));
        return new EventPage(
            partition.Number, (int)reply[0] == 1, entries, entries.Length > 0 ? entries[^1].Number + 1 : (long)reply[1] + 1, entries.Length == EntriesPerCall);
    }
}

/// <param name="Partition">The partition's number.</param>
/// <param name="Lost">Whether events before these are not kept any more.</param>
/// <param name="Entries">They may begin with some that were not asked for.</param>
/// <param name="Next">Number of the entry to go on with.</param>
/// <param name="More">Whether there may be more by now.</param>
internal sealed record EventPage(int Partition, bool Lost, IReadOnlyList<EventEntry> Entries, long Next, bool More);
