using System.Text;
using DelayQueueApi.Jobs;
using DelayQueueApi.Schedules;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>
/// Compares the records with what is derived from them, and mends it on demand: every job must stand in exactly the index that
/// its record tells, the counts must add up, every idempotency key must have made its job, every unique key be held by a job that
/// lives, and schedules stand where they belong. Works in bounded steps, each atomic, so that it may run while the service works.
/// </summary>
internal sealed class Fsck(StoreConnection connection, ScriptRunner scripts, Partitions partitions)
{
    private const int PageSize = 250;

    private static readonly Script Check = Script.Load("Store/Fsck.lua");
    private static readonly Script CheckCounts = Script.Load("Store/FsckCounts.lua");
    private static readonly Script CheckKeys = Script.Load("Store/FsckKeys.lua");
    private static readonly Script CheckLocks = Script.Load("Store/FsckLocks.lua");
    private static readonly Script CheckSchedules = Script.Load("Store/FsckSchedules.lua");

    /// <returns>What was wrong, in words; empty where the store is sound.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(bool repair)
    {
        var faults = new List<string>();
        foreach (var partition in partitions)
        {
            faults.AddRange(await RunAsync(partition, repair));
        }

        return faults;
    }

    private async Task<List<string>> RunAsync(PartitionKeys keys, bool repair)
    {
        var faults = new List<string>();
        var database = await connection.DatabaseAsync();
        var queues = new HashSet<string>();
        await foreach (var page in Pages(database.HashScanAsync(keys.Jobs, pageSize: PageSize)))
        {
            foreach (var queue in page.GroupBy(entry => JobRecord.Decode(default, (byte[])entry.Value!).StoredQueue))
            {
                queues.Add(queue.Key);
                faults.AddRange(await CheckAsync(keys, queue.Key, "", queue.Select(entry => entry.Name), repair));
            }
        }

        foreach (var registry in (RedisKey[])[keys.Queues, keys.Names])
        {
            await foreach (var entry in database.SortedSetScanAsync(registry))
            {
                queues.Add(entry.Element!);
            }
        }

        foreach (var queue in queues)
        {
            var number = 0;
            foreach (var index in keys.Indexes(queue))
            {
                await foreach (var page in Pages(database.SortedSetScanAsync(index, pageSize: PageSize)))
                {
                    faults.AddRange(await CheckAsync(keys, queue, number, page.Select(entry => entry.Element), repair));
                }

                number++;
            }

            // Wrong indexes cannot tell what the counts should be.
            if (repair || faults.Count == 0)
            {
                faults.AddRange(await RunAsync(CheckCounts, Call(keys, repair, queue)));
            }
        }

        for (var generation = 0; generation < keys.Idempotency.Length; generation++)
        {
            await foreach (var page in Pages(database.HashScanAsync(keys.Idempotency[generation], pageSize: PageSize)))
            {
                // The empty field tells when the generation began.
                var keysOfPage = page.Select(entry => entry.Name).Where(key => key != "");
                faults.AddRange(await RunOnIdsAsync(keys, CheckKeys, Call(keys, repair).Add(generation).Add([.. keysOfPage])));
            }
        }

        await foreach (var page in Pages(database.HashScanAsync(keys.Unique, pageSize: PageSize)))
        {
            faults.AddRange(await RunAsync(CheckLocks, Call(keys, repair).Add([.. page.Select(entry => entry.Name)])));
        }

        var names = new HashSet<RedisValue>();
        await foreach (var entry in database.HashScanAsync(keys.Schedules[0], pageSize: PageSize))
        {
            names.Add(entry.Name);
        }

        foreach (var index in keys.Schedules[1..])
        {
            await foreach (var entry in database.SortedSetScanAsync(index, pageSize: PageSize))
            {
                names.Add(entry.Element);
            }
        }

        foreach (var page in names.Chunk(PageSize))
        {
            var call = new ScriptCall(keys) { FurtherKeys = keys.Schedules };
            faults.AddRange(await RunAsync(CheckSchedules, call.Add(repair ? "1" : "", ScheduleRecord.NewStamp()).Add(page)));
        }

        return faults;
    }

    private Task<IEnumerable<string>> CheckAsync(PartitionKeys keys, string queue, RedisValue index, IEnumerable<RedisValue> ids, bool repair) =>
        RunOnIdsAsync(keys, Check, Call(keys, repair, queue).Add(index).Add([.. ids]));

    private static ScriptCall Call(PartitionKeys keys, bool repair, string? queue = null)
    {
        var call = new ScriptCall(keys);
        if (queue is not null)
        {
            call.Queue(queue);
        }

        return call.Add(repair ? "1" : "");
    }

    /// <summary>For scripts that tell what is wrong and with which id; one in an index may be of any bytes.</summary>
    private async Task<IEnumerable<string>> RunOnIdsAsync(PartitionKeys keys, Script script, ScriptCall call) =>
        ((byte[][])(await scripts.RunAsync(script, call))!).Chunk(2)
            .Select(fault => $"{Encoding.ASCII.GetString(fault[0])} {(fault[1].Length == JobId.StoredBytes ? JobId.FromStored(keys.Number, fault[1]) : Convert.ToHexString(fault[1]))}");

    private async Task<string[]> RunAsync(Script script, ScriptCall call) => (string[])(await scripts.RunAsync(script, call))!;

    private static async IAsyncEnumerable<List<T>> Pages<T>(IAsyncEnumerable<T> items)
    {
        var page = new List<T>(PageSize);
        await foreach (var item in items)
        {
            page.Add(item);
            if (page.Count == PageSize)
            {
                yield return page;
                page = new List<T>(PageSize);
            }
        }

        if (page.Count > 0)
        {
            yield return page;
        }
    }
}
