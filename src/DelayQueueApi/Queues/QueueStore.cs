using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Queues;

/// <summary>What operators see of queues.</summary>
internal sealed class QueueStore(ScriptRunner scripts)
{
    private static readonly Script GetScript = Script.Load("Queues/GetQueue.lua");

    /// <returns>The queue's counts, or null where no job was ever put into it.</returns>
    public async Task<QueueCounts?> GetAsync(QueueName queue)
    {
        var call = new ScriptCall();
        call.Queue(queue.Stored);
        var reply = (RedisResult[])(await scripts.RunAsync(GetScript, call))!;
        if ((int)reply[0] == 0)
        {
            return null;
        }

        var totals = reply[7].ToDictionary();
        return new QueueCounts(
            DateTimeOffset.FromUnixTimeMilliseconds((long)reply[1]), (long)reply[2], (long)reply[3], (long)reply[4], (long)reply[5],
            long.TryParse((string?)reply[6], out var earliest) ? DateTimeOffset.FromUnixTimeMilliseconds(earliest) : null,
            what => totals.TryGetValue(what, out var count) ? (long)count : 0);
    }
}

/// <param name="Now">The store's clock.</param>
/// <param name="EarliestRunAt">Of the jobs that no worker holds.</param>
/// <param name="Total">How often something has happened, by the names in Prelude.lua's stats.</param>
internal sealed record QueueCounts(
    DateTimeOffset Now, long Scheduled, long Ready, long Leased, long Dead, DateTimeOffset? EarliestRunAt, Func<string, long> Total);
