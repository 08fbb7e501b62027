using System.Text;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using DelayQueueApi.Schedules;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>
/// fsck of one partition. First what cannot be read, and each job by its record; then the other way, from each index to the records; then what
/// follows from both: counts, the list of queues and their next events; then keys, locks and schedules.
/// </summary>
internal sealed class PartitionCheck(StoreConnection connection, ScriptRunner scripts, PartitionKeys keys, FsckReport report, bool repair)
{
    private static readonly Script CheckJobs = Script.Load("Store/Fsck.lua");
    private static readonly Script CheckCounts = Script.Load("Store/FsckCounts.lua");
    private static readonly Script CheckKeys = Script.Load("Store/FsckKeys.lua");
    private static readonly Script CheckLocks = Script.Load("Store/FsckLocks.lua");
    private static readonly Script CheckSchedules = Script.Load("Store/FsckSchedules.lua");
    private static readonly Script MoveAside = Script.Load("Store/FsckAside.lua");

    /// <summary>Queues whose indexes are not what the records tell, or were not: they cannot tell what the counts should be.</summary>
    private readonly HashSet<string> damaged = [];

    public async Task RunAsync(CancellationToken cancellation)
    {
        var database = await connection.DatabaseAsync();
        var scan = new StoreScan(database);
        var queues = await CheckJobsAsync(scan, cancellation);
        await AddKnownQueuesAsync(queues, scan, cancellation);
        // Whatever else somebody has put there is not ours to look at.
        queues.RemoveWhere(queue => !QueueName.IsStored(queue));
        report.Queues.UnionWith(queues);
        foreach (var queue in queues)
        {
            await CheckIndexesAsync(queue, database, scan.PageItems, cancellation);
            if (repair || !damaged.Contains(queue))
            {
                await RunAsync(CheckCounts, Call(queue), Encoding.UTF8.GetString);
                if (await new BytesCheck(scripts, keys, repair).RunAsync(queue, cancellation))
                {
                    report.Add(FaultKind.WrongBytes, queue);
                }
            }
        }

        await CheckKeysAndLocksAsync(new StoreScan(database), cancellation);
        await CheckSchedulesAsync(new StoreScan(database), cancellation);
    }

    /// <returns>The queues that the jobs name.</returns>
    private async Task<HashSet<string>> CheckJobsAsync(StoreScan scan, CancellationToken cancellation)
    {
        var queues = new HashSet<string>();
        await foreach (var page in scan.HashAsync(keys.Jobs, cancellation))
        {
            report.Jobs += page.Length;
            var readable = new List<(string Queue, byte[] Id)>(page.Length);
            foreach (var (id, record) in page)
            {
                if (JobRecord.QueueIn(id, record) is { } queue)
                {
                    readable.Add((queue, id));
                }
                else
                {
                    await MoveAsideAsync(FaultKind.UnreadableJob, keys.Jobs, id, record, id, NameOf(id));
                }
            }

            foreach (var queue in readable.GroupBy(job => job.Queue, job => job.Id))
            {
                queues.Add(queue.Key);
                await CheckPlacesAsync(queue.Key, "", queue);
            }
        }

        return queues;
    }

    /// <summary>Queues that are listed, or have any key at all, also where no job names them.</summary>
    private async Task AddKnownQueuesAsync(HashSet<string> queues, StoreScan scan, CancellationToken cancellation)
    {
        foreach (var list in (RedisKey[])[keys.Queues, keys.Names])
        {
            await foreach (var page in scan.SortedSetAsync(list, cancellation))
            {
                queues.UnionWith(page.Select(entry => Encoding.UTF8.GetString(entry.Key)));
            }
        }

        var server = await connection.ServerOfAsync(keys.Jobs);
        await foreach (var key in server.KeysAsync(pattern: keys.OfQueues).WithCancellation(cancellation))
        {
            queues.Add(keys.QueueOf(key));
        }
    }

    private async Task CheckIndexesAsync(string queue, IDatabase database, int jobsAtOnce, CancellationToken cancellation)
    {
        var number = 0;
        foreach (var index in keys.Indexes(queue))
        {
            await foreach (var page in new StoreScan(database).SortedSetAsync(index, cancellation))
            {
                foreach (var part in page.Chunk(jobsAtOnce))
                {
                    await CheckPlacesAsync(queue, number, part.Select(entry => entry.Key));
                }
            }

            number++;
        }
    }

    /// <param name="queue">Their queue.</param>
    /// <param name="index">The index that they were read from; empty for the records.</param>
    /// <param name="ids">Jobs, or what stands in the place of their ids.</param>
    private async Task CheckPlacesAsync(string queue, RedisValue index, IEnumerable<byte[]> ids)
    {
        if (await RunAsync(CheckJobs, Call(queue).Add(index).Add([.. ids.Select(id => (RedisValue)id)]), NameOf) > 0)
        {
            damaged.Add(queue);
        }
    }

    private async Task CheckKeysAndLocksAsync(StoreScan scan, CancellationToken cancellation)
    {
        for (var generation = 0; generation < keys.Idempotency.Length; generation++)
        {
            await foreach (var page in scan.HashAsync(keys.Idempotency[generation], cancellation))
            {
                // The empty field tells when the generation began.
                var names = page.Where(entry => entry.Key.Length > 0).Select(entry => (RedisValue)entry.Key);
                await RunAsync(CheckKeys, Call().Add(generation).Add([.. names]), Encoding.UTF8.GetString);
            }
        }

        await foreach (var page in scan.HashAsync(keys.Unique, cancellation))
        {
            await RunAsync(CheckLocks, Call().Add([.. page.Select(entry => (RedisValue)entry.Key)]), Encoding.UTF8.GetString);
        }
    }

    private async Task CheckSchedulesAsync(StoreScan scan, CancellationToken cancellation)
    {
        var names = new HashSet<RedisValue>();
        await foreach (var page in scan.HashAsync(keys.Schedules[0], cancellation))
        {
            foreach (var (name, record) in page)
            {
                names.Add(name);
                if (!ScheduleRecord.IsReadable(record))
                {
                    var text = Encoding.UTF8.GetString(name);
                    await MoveAsideAsync(FaultKind.UnreadableSchedule, keys.Schedules[0], name, record, $"schedule {text}", text);
                }
            }
        }

        foreach (var index in keys.Schedules[1..])
        {
            await foreach (var page in scan.SortedSetAsync(index, cancellation))
            {
                names.UnionWith(page.Select(entry => (RedisValue)entry.Key));
            }
        }

        report.Schedules += names.Count;
        foreach (var page in names.Chunk(scan.PageItems))
        {
            var call = new ScriptCall(keys) { FurtherKeys = keys.Schedules }.Add(Repair, ScheduleRecord.NewStamp()).Add(page);
            await RunAsync(CheckSchedules, call, Encoding.UTF8.GetString);
        }
    }

    /// <summary>What nobody can read is in nobody's way any more, and still there for who wants to look at it.</summary>
    private async Task MoveAsideAsync(FaultKind kind, RedisKey hash, RedisValue field, RedisValue value, RedisValue nameThere, string example)
    {
        var call = new ScriptCall(keys) { FurtherKeys = [hash, keys.LostAndFound] }.Add(Repair, field, value, nameThere);
        if ((int)await scripts.RunAsync(MoveAside, call) == 1)
        {
            report.Add(kind, example);
        }
    }

    private RedisValue Repair => repair ? "1" : "";

    private ScriptCall Call(string? queue = null)
    {
        var call = new ScriptCall(keys);
        if (queue is not null)
        {
            call.Queue(queue);
        }

        return call.Add(Repair);
    }

    /// <param name="script">Answers two a fault: its kind, and what it is of.</param>
    /// <param name="call">Its arguments.</param>
    /// <param name="name">What to call that.</param>
    /// <returns>How many faults there are.</returns>
    private async Task<int> RunAsync(Script script, ScriptCall call, Func<byte[], string> name)
    {
        var faults = ((byte[][])(await scripts.RunAsync(script, call))!).Chunk(2).ToArray();
        foreach (var fault in faults)
        {
            report.Add(Enum.Parse<FaultKind>(Encoding.ASCII.GetString(fault[0]).Replace("-", "", StringComparison.Ordinal), ignoreCase: true), name(fault[1]));
        }

        return faults.Length;
    }

    /// <summary>What stands in the place of a job's id may be of any bytes.</summary>
    private string NameOf(byte[] id) => id.Length == JobId.StoredBytes ? JobId.FromStored(keys.Number, id).Text : Convert.ToHexString(id);
}
