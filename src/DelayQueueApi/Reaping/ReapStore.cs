using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;
using StackExchange.Redis;

namespace DelayQueueApi.Reaping;

/// <summary>What the reaper does in the store.</summary>
internal sealed class ReapStore(ScriptRunner scripts, JobEvents events)
{
    private const int MaxQueues = 20;

    /// <summary>So that a script stalls others for no more than 5 ms.</summary>
    private const int MaxJobs = 50;

    private static readonly Script DueScript = Script.Load("Reaping/DueQueues.lua");
    private static readonly Script ReapScript = Script.Load("Reaping/ReapQueues.lua");

    /// <summary>Finds queues in which something is due.</summary>
    /// <returns>The queues' stored names, and when the next thing is due; null where nothing is in sight.</returns>
    public async Task<(string[] Queues, TimeSpan? Next)> FindDueAsync(PartitionKeys partition)
    {
        var reply = (RedisResult[])(await scripts.RunAsync(DueScript, new ScriptCall(partition).Add(MaxQueues)))!;
        var wait = (long)reply[0];
        return (Array.ConvertAll(reply[1..], name => (string)name!), wait < 0 ? null : TimeSpan.FromMilliseconds(wait));
    }

    /// <summary>Does what is due in queues, for a bounded number of jobs.</summary>
    /// <returns>For how many it was done, a queue.</returns>
    public async Task<int[]> ReapAsync(PartitionKeys partition, string[] queues)
    {
        var call = new ScriptCall(partition);
        foreach (var queue in queues)
        {
            call.Queue(queue);
        }

        var reply = (RedisResult[])(await scripts.RunAsync(ReapScript, call.Add(MaxJobs / queues.Length)))!;
        events.TimePassed(Lapse.Read(reply[1], partition, call));
        return (int[])reply[0]!;
    }
}
