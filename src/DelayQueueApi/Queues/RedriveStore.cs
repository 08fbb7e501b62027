using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Queues;

/// <summary>Gives dead jobs new attempts: at once, in small steps, or at a rate, in the background.</summary>
internal sealed class RedriveStore(ScriptRunner scripts, Partitions partitions, Wakeups wakeups)
{
    /// <summary>As many records as a claim reads at once: each may have a payload of the largest size.</summary>
    private const int NamedPerCall = 20;

    /// <summary>To pass over a job costs little, and a script stops early where it reads or changes much.</summary>
    private const int LookedAtPerCall = 500;

    private static readonly Script RedriveScript = Script.Load("Queues/RedriveJobs.lua");
    private static readonly Script TaskScript = Script.Load("Queues/RedriveTask.lua");

    /// <summary>Redrives the jobs that are dead when it begins, until the client goes away.</summary>
    public async Task<Redriven> RedriveAsync(QueueName queue, RedriveFilter filter, bool dryRun, CancellationToken client)
    {
        var done = new Redriven(0, 0);
        foreach (var partition in partitions.TakeWhile(_ => done.Matched < filter.Limit))
        {
            var step = new Step(new Redriven(0, 0), "", "", "");
            do
            {
                client.ThrowIfCancellationRequested();
                step = await StoreException.AfterEffectAsync(
                    () => RedriveAsync(partition, queue, filter with { Limit = filter.Limit - done.Matched }, dryRun, step, []), hadEffect: done.Jobs > 0);
                done = done.And(step.Done);
            }
            while (step.Id != "" && done.Matched < filter.Limit);
        }

        return done;
    }

    /// <summary>Redrives those of the named jobs that are dead.</summary>
    public async Task<Redriven> RedriveAsync(QueueName queue, RedriveFilter filter, bool dryRun, IEnumerable<JobId> ids, CancellationToken client)
    {
        var done = new Redriven(0, 0);
        foreach (var (partition, chunk) in partitions.Chunk(ids, NamedPerCall))
        {
            client.ThrowIfCancellationRequested();
            var step = await StoreException.AfterEffectAsync(
                () => RedriveAsync(
                    partition, queue, filter with { Limit = filter.Limit - done.Matched }, dryRun, new Step(done, "", "", ""), chunk),
                hadEffect: done.Jobs > 0);
            done = done.And(step.Done);
        }

        return done;
    }

    /// <summary>Starts a redrive that the reapers go on with.</summary>
    /// <returns>The task, or null where one is running already.</returns>
    public async Task<RedriveTask?> StartAsync(QueueName queue, RedriveFilter filter, int ratePerSecond)
    {
        var (outcome, task) = await ChangeTaskAsync(queue, partition => [
            "start", Math.Max(1, partitions.ShareOf(partition, ratePerSecond)), filter.Limit, JobError.Filter(filter.ErrorType), filter.AfterMs, filter.BeforeMs,
            .. MetadataPairs.ToStored(filter.Metadata)]);
        return outcome == 1 ? task : null;
    }

    /// <returns>The task as it is then, or null where none was ever started.</returns>
    public async Task<RedriveTask?> CancelAsync(QueueName queue) => (await ChangeTaskAsync(queue, _ => ["cancel"])).Task;

    /// <returns>The newest task, or null where none was ever started.</returns>
    public async Task<RedriveTask?> GetTaskAsync(QueueName queue) => (await ChangeTaskAsync(queue, _ => ["read"])).Task;

    /// <summary>Each partition has its share of the task. What the first one says of a start holds.</summary>
    private async Task<(int Outcome, RedriveTask? Task)> ChangeTaskAsync(QueueName queue, Func<PartitionKeys, RedisValue[]> change)
    {
        var (outcome, tasks) = (0, new List<RedriveTask>());
        foreach (var partition in partitions)
        {
            var reply = (RedisResult[])(await StoreException.AfterEffectAsync(
                () => scripts.RunAsync(TaskScript, Call(partition, queue).Add(change(partition))), hadEffect: partition.Number > 0))!;
            outcome = partition.Number == 0 ? (int)reply[0] : outcome;
            if ((string)reply[1]! is { Length: > 0 } text)
            {
                tasks.Add(RedriveTask.FromStored(queue, text));
            }

            if (outcome < 0)
            {
                break;
            }
        }

        return (outcome, RedriveTask.Sum(tasks));
    }

    private async Task<Step> RedriveAsync(PartitionKeys partition, QueueName queue, RedriveFilter filter, bool dryRun, Step before, RedisValue[] ids)
    {
        var pairs = MetadataPairs.ToStored(filter.Metadata);
        var call = Call(partition, queue)
            .Add(LookedAtPerCall, before.AsOf, JobError.Filter(filter.ErrorType), filter.AfterMs, filter.BeforeMs, filter.Limit, dryRun ? "1" : "", before.Score, before.Id, pairs.Length)
            .Add(pairs).Add(ids);
        var reply = (RedisValue[])(await scripts.RunAsync(RedriveScript, call))!;
        if (reply[1] != 0)
        {
            wakeups.Announce(queue.Stored);
        }

        return new Step(new Redriven((long)reply[0], (long)reply[1]), reply[2], reply[3], reply[4]);
    }

    private static ScriptCall Call(PartitionKeys partition, QueueName queue)
    {
        var call = new ScriptCall(partition);
        call.Queue(queue.Stored);
        return call;
    }

    /// <param name="AsOf">The instant at which the first step was done.</param>
    /// <param name="Id">With the score, the last dead job looked at; empty where no more follow.</param>
    private sealed record Step(Redriven Done, RedisValue AsOf, RedisValue Score, RedisValue Id);
}

/// <summary>Which dead jobs are meant.</summary>
/// <param name="ErrorType">Only jobs whose last error has it, or none where it is empty; null for all.</param>
/// <param name="AfterMs">Only jobs that died then or later, ms since 1970.</param>
/// <param name="BeforeMs">Only jobs that died earlier, ms since 1970.</param>
/// <param name="Metadata">Only jobs with these pairs.</param>
/// <param name="Limit">At most so many.</param>
internal sealed record RedriveFilter(string? ErrorType, long AfterMs, long BeforeMs, IReadOnlyDictionary<string, string>? Metadata, long Limit);

/// <param name="Matched">Jobs that were meant.</param>
/// <param name="Jobs">Those of them that have new attempts.</param>
internal sealed record Redriven(long Matched, long Jobs)
{
    public Redriven And(Redriven more) => new(Matched + more.Matched, Jobs + more.Jobs);
}
