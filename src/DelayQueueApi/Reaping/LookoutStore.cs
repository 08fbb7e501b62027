using DelayQueueApi.Store;

namespace DelayQueueApi.Reaping;

/// <summary>What the lookout sees of the store.</summary>
internal sealed class LookoutStore(ScriptRunner scripts)
{
    /// <summary>Looks into so many queues at most in one call.</summary>
    public const int MaxQueues = 100;

    private static readonly Script LookScript = Script.Load("Reaping/LookAhead.lua");

    public async Task<Ahead> LookAheadAsync(PartitionKeys partition, IEnumerable<string> queues)
    {
        var call = new ScriptCall(partition) { FurtherKeys = partition.Schedules };
        foreach (var queue in queues)
        {
            call.Queue(queue);
        }

        var reply = (long[])(await scripts.RunAsync(LookScript, call))!;
        return new Ahead(Wait(reply[0]), Wait(reply[1]), [.. call.Queues.Zip(reply.Skip(2))]);
    }

    private static TimeSpan? Wait(long micros) => micros < 0 ? null : TimeSpan.FromMicroseconds(micros);
}

/// <param name="Event">When something is next to be done in any queue; null where nothing is in sight.</param>
/// <param name="Schedule">When a schedule is next to make its job; null where nothing is in sight.</param>
/// <param name="Queues">As LookAhead.lua answers: µs until a queue may have a due job, 0 for now, less than 0 for nothing in sight.</param>
internal sealed record Ahead(TimeSpan? Event, TimeSpan? Schedule, (string Queue, long Micros)[] Queues);
