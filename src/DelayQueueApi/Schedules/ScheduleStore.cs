using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Queues;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Schedules;

/// <summary>Schedules, and the jobs that they make; all in the first partition, so that an instant and its job are one step.</summary>
internal sealed class ScheduleStore(ScriptRunner scripts, Partitions partitions, Wakeups wakeups, EmbeddedStore embedded)
{
    private const int MaxDue = 20;
    private const int MaxListed = 100;

    private static readonly Script ReadScript = Script.Load("Schedules/ReadSchedules.lua");
    private static readonly Script ListScript = Script.Load("Schedules/ListSchedules.lua");
    private static readonly Script WriteScript = Script.Load("Schedules/WriteSchedules.lua");
    private static readonly Script DueScript = Script.Load("Schedules/DueSchedules.lua");
    private static readonly Script FireScript = Script.Load("Schedules/FireSchedules.lua");

    /// <returns>The schedule, or null where there is none for the caller, and the store's clock.</returns>
    public async Task<(ScheduleRecord? Found, DateTimeOffset Now)> GetAsync(ScheduleName name, Caller caller)
    {
        var (found, now) = await ReadAsync(name);
        return (Sees(caller, found) ? found : null, now);
    }

    private async Task<(ScheduleRecord? Found, DateTimeOffset Now)> ReadAsync(ScheduleName name)
    {
        var reply = (RedisResult[])(await scripts.RunAsync(ReadScript, Call().Add(name.Stored)))!;
        return (reply[1].IsNull ? null : ScheduleRecord.Decode((byte[])reply[1]!), Instant(reply[0]));
    }

    /// <summary>Reads, changes and writes a schedule, again and again while others write it in between.</summary>
    /// <param name="name">Which one.</param>
    /// <param name="caller">For whom; one whose jobs the caller may not see is left as it is.</param>
    /// <param name="change">Takes what is there and the store's clock; what it returns is written. Null stands for no schedule.</param>
    /// <returns>What was there, and what is there now, for the caller.</returns>
    public async Task<(ScheduleRecord? Before, ScheduleRecord? After)> ChangeAsync(
        ScheduleName name, Caller caller, Func<ScheduleRecord?, DateTimeOffset, ScheduleRecord?> change)
    {
        while (true)
        {
            var (before, now) = await ReadAsync(name);
            if (!Sees(caller, before))
            {
                return (null, null);
            }

            var after = change(before, now);
            if (ReferenceEquals(before, after) || await WriteAsync(name, before, after))
            {
                return (before, after);
            }
        }
    }

    /// <summary>Reads schedules in the order of their names.</summary>
    /// <returns>At most so many and at most a few MiB of them, and whether more follow.</returns>
    public async Task<(List<(ScheduleName Name, ScheduleRecord Record)> Page, bool More)> ListAsync(string @namespace, ScheduleName? after, int limit)
    {
        var first = new ScheduleName("", @namespace).Stored;
        var call = Call().Add(first, after?.Stored ?? first, Math.Min(limit, MaxListed));
        var reply = (RedisResult[])(await scripts.RunAsync(ListScript, call))!;
        return (Pairs(reply[1..]), (int)reply[0] == 1);
    }

    /// <summary>Finds schedules whose next instant has come.</summary>
    /// <param name="skip">How many of them to leave out, earliest first.</param>
    public async Task<DueSchedules> FindDueAsync(int skip)
    {
        var reply = (RedisResult[])(await scripts.RunAsync(DueScript, Call().Add(skip, MaxDue)))!;
        var wait = (long)reply[0];
        return new DueSchedules(Pairs(reply[2..]), Instant(reply[1]), wait < 0 ? null : TimeSpan.FromMilliseconds(wait));
    }

    /// <summary>Moves schedules on to their next instants and makes the jobs of these; those that have changed since they were read are left alone.</summary>
    /// <exception cref="StoreException">The store could not be asked or did not answer, or has no room.</exception>
    public async Task<Fired[]> FireAsync(IReadOnlyList<Firing> firings)
    {
        embedded.ThrowIfFull();
        var call = Call();
        foreach (var (name, read, next, job, makesJob, overlap, lastQueue) in firings)
        {
            if (lastQueue is { } queue)
            {
                call.Queue(queue.Stored);
            }

            call.Add(
                name.Stored, read.Stamp, ScheduleRecord.NewStamp(), next?.ToUnixTimeMilliseconds() ?? 0, job.RunAt!.Value.ToUnixTimeMilliseconds(),
                overlap.ToString().ToLowerInvariant(), makesJob ? "1" : "");
            job.AddTo(call);
        }

        var reply = (int[])(await scripts.RunAsync(FireScript, call))!;
        var answers = new Fired[firings.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = (Fired)reply[2 * i];
            if (reply[(2 * i) + 1] == 1)
            {
                wakeups.Announce(firings[i].Job.Queue.Stored);
            }
        }

        return answers;
    }

    private async Task<bool> WriteAsync(ScheduleName name, ScheduleRecord? read, ScheduleRecord? record)
    {
        if (record is not null)
        {
            embedded.ThrowIfFull();
        }

        var call = Call().Add(name.Stored, read?.Stamp ?? RedisValue.EmptyString, record?.Encode() ?? RedisValue.EmptyString);
        return ((int[])(await scripts.RunAsync(WriteScript, call))!)[0] == 1;
    }

    /// <summary>A schedule is its job's: whoever may not see the one does not see the other.</summary>
    public static bool Sees(Caller caller, ScheduleRecord? schedule) =>
        schedule is null || caller.SeesAll || caller.Sees(caller.Queue(schedule.ReadDefinition().Job.Queue));

    private ScriptCall Call() => new(partitions.First) { FurtherKeys = partitions.First.Schedules };

    private static List<(ScheduleName, ScheduleRecord)> Pairs(RedisResult[] reply) =>
        [.. reply.Chunk(2).Select(pair => (ScheduleName.FromStored((string)pair[0]!), ScheduleRecord.Decode((byte[])pair[1]!)))];

    private static DateTimeOffset Instant(RedisResult ms) => DateTimeOffset.FromUnixTimeMilliseconds((long)ms);
}

/// <param name="Schedules">Longest overdue first.</param>
/// <param name="Now">The store's clock.</param>
/// <param name="Wait">Where none is due: when the next one is; null where none is in sight.</param>
internal sealed record DueSchedules(List<(ScheduleName Name, ScheduleRecord Record)> Schedules, DateTimeOffset Now, TimeSpan? Wait);

/// <summary>An instant of a schedule.</summary>
/// <param name="Name">Which schedule.</param>
/// <param name="Read">As it was read; if it has changed since, nothing happens.</param>
/// <param name="Next">The instant after this one.</param>
/// <param name="Job">Its job, with the instant as its run-at.</param>
/// <param name="MakesJob">False where the schedule only moves on.</param>
/// <param name="Overlap">What becomes of it while the last job is not finished.</param>
/// <param name="LastQueue">The queue of the last job, where it matters whether that is finished.</param>
internal sealed record Firing(ScheduleName Name, ScheduleRecord Read, DateTimeOffset? Next, NewJob Job, bool MakesJob, Overlap Overlap, QueueName? LastQueue);

/// <summary>As FireSchedules.lua answers.</summary>
internal enum Fired
{
    Changed = 0,
    MadeJob = 1,
    MovedOn = 2,
}
