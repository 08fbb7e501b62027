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

    /// <summary>More queues than most have.</summary>
    private const int AllQueues = 100_000;

    private static readonly Script DueScript = Script.Load("Reaping/DueQueues.lua");
    private static readonly Script ReapScript = Script.Load("Reaping/ReapQueues.lua");
    private static readonly Script ProlongScript = Script.Load("Reaping/ProlongLeases.lua");

    /// <summary>Finds queues in which something is due.</summary>
    /// <returns>The queues' stored names, and when the next thing is due; null where nothing is in sight.</returns>
    public Task<(string[] Queues, TimeSpan? Next)> FindDueAsync(PartitionKeys partition) => FindDueAsync(partition, TimeSpan.Zero, MaxQueues);

    /// <summary>Lets the leases that would end within a time from now end only then.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> ProlongAsync(PartitionKeys partition, TimeSpan time)
    {
        var prolonged = 0;
        RedisValue until = "";
        foreach (var queues in (await FindDueAsync(partition, time, AllQueues)).Queues.Chunk(MaxQueues))
        {
            int done;
            do
            {
                var reply = (RedisValue[])(await scripts.RunAsync(ProlongScript, Call(partition, queues).Add(until, (long)time.TotalMilliseconds, MaxJobs)))!;
                (done, until) = ((int)reply[0], reply[1]);
                prolonged += done;
            }
            while (done == MaxJobs);
        }

        return prolonged;
    }

    private async Task<(string[] Queues, TimeSpan? Next)> FindDueAsync(PartitionKeys partition, TimeSpan ahead, int most)
    {
        var reply = (RedisResult[])(await scripts.RunAsync(DueScript, new ScriptCall(partition).Add(most, (long)ahead.TotalMilliseconds)))!;
        var wait = (long)reply[0];
        return (Array.ConvertAll(reply[1..], name => (string)name!), wait < 0 ? null : TimeSpan.FromMilliseconds(wait));
    }

    /// <summary>Does what is due in queues, for a bounded number of jobs.</summary>
    /// <returns>For how many it was done, a queue.</returns>
    public async Task<int[]> ReapAsync(PartitionKeys partition, string[] queues)
    {
        var call = Call(partition, queues);
        var reply = (RedisResult[])(await scripts.RunAsync(ReapScript, call.Add(MaxJobs / queues.Length)))!;
        events.TimePassed(Lapse.Read(reply[1], partition, call));
        return (int[])reply[0]!;
    }

    private static ScriptCall Call(PartitionKeys partition, string[] queues)
    {
        var call = new ScriptCall(partition);
        foreach (var queue in queues)
        {
            call.Queue(queue);
        }

        return call;
    }
}
