using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Reaping;

/// <summary>What the reaper does in the store.</summary>
internal sealed class ReapStore(ScriptRunner scripts)
{
    private const int MaxQueues = 20;
    private const int MaxLeases = 100;

    private static readonly Script DueScript = Script.Load("Reaping/DueQueues.lua");
    private static readonly Script ReapScript = Script.Load("Reaping/ReapLeases.lua");

    /// <summary>Finds queues in which a lease has run out.</summary>
    /// <returns>The queues' stored names, and when the next lease ends; null where there is none.</returns>
    public async Task<(string[] Queues, TimeSpan? Next)> FindDueAsync()
    {
        var reply = (RedisResult[])(await scripts.RunAsync(DueScript, new ScriptCall().Add(MaxQueues)))!;
        var wait = (long)reply[0];
        return (Array.ConvertAll(reply[1..], name => (string)name!), wait < 0 ? null : TimeSpan.FromMilliseconds(wait));
    }

    /// <summary>Ends leases that ran out, a bounded number of them.</summary>
    /// <returns>How many ended, a queue.</returns>
    public async Task<int[]> ReapAsync(string[] queues)
    {
        var call = new ScriptCall();
        foreach (var queue in queues)
        {
            call.Queue(queue);
        }

        return (int[])(await scripts.RunAsync(ReapScript, call.Add(MaxLeases / queues.Length)))!;
    }
}
