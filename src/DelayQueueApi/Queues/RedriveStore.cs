using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Queues;

/// <summary>Gives dead jobs new attempts: at once, in small steps, or at a rate, in the background.</summary>
internal sealed class RedriveStore(ScriptRunner scripts, Wakeups wakeups)
{
    /// <summary>As many records as a claim reads at once: each may have a payload of the largest size.</summary>
    private const int JobsPerCall = 20;

    private static readonly Script RedriveScript = Script.Load("Queues/RedriveJobs.lua");
    private static readonly Script TaskScript = Script.Load("Queues/RedriveTask.lua");

    /// <summary>Redrives the jobs that are dead when it begins, until the client goes away.</summary>
    public async Task<Redriven> RedriveAsync(QueueName queue, RedriveFilter filter, bool dryRun, CancellationToken client)
    {
        var (done, step) = (new Redriven(0, 0), new Step(new Redriven(0, 0), "", "", ""));
        do
        {
            client.ThrowIfCancellationRequested();
            step = await StoreException.AfterEffectAsync(
                () => RedriveAsync(queue, filter with { Limit = filter.Limit - done.Matched }, dryRun, step, []), hadEffect: done.Jobs > 0);
            done = done.And(step.Done);
        }
        while (step.Id != "" && done.Matched < filter.Limit);

        return done;
    }

    /// <summary>Redrives those of the named jobs that are dead.</summary>
    public async Task<Redriven> RedriveAsync(QueueName queue, RedriveFilter filter, bool dryRun, IEnumerable<JobId> ids, CancellationToken client)
    {
        var done = new Redriven(0, 0);
        foreach (var chunk in ids.Where(id => id.Stored is not null).Chunk(JobsPerCall))
        {
            client.ThrowIfCancellationRequested();
            var step = await StoreException.AfterEffectAsync(
                () => RedriveAsync(
                    queue, filter with { Limit = filter.Limit - done.Matched }, dryRun, new Step(done, "", "", ""), Array.ConvertAll(chunk, id => (RedisValue)id.Stored)),
                hadEffect: done.Jobs > 0);
            done = done.And(step.Done);
        }

        return done;
    }

    /// <summary>Starts a redrive that the reapers go on with.</summary>
    /// <returns>The task, or null where one is running already.</returns>
    public async Task<RedriveTask?> StartAsync(QueueName queue, RedriveFilter filter, int ratePerSecond)
    {
        var (outcome, task) = await ChangeTaskAsync(queue, [
            "start", ratePerSecond, filter.Limit, filter.ErrorType, filter.AfterMs, filter.BeforeMs, .. MetadataPairs.ToStored(filter.Metadata)]);
        return outcome == 1 ? task : null;
    }

    /// <returns>The task as it is then, or null where none was ever started.</returns>
    public async Task<RedriveTask?> CancelAsync(QueueName queue) => (await ChangeTaskAsync(queue, ["cancel"])).Task;

    /// <returns>The newest task, or null where none was ever started.</returns>
    public async Task<RedriveTask?> GetTaskAsync(QueueName queue) => (await ChangeTaskAsync(queue, ["read"])).Task;

    private async Task<(int Outcome, RedriveTask? Task)> ChangeTaskAsync(QueueName queue, RedisValue[] change)
    {
        var reply = (RedisResult[])(await scripts.RunAsync(TaskScript, Call(queue).Add(change)))!;
        var text = (string)reply[1]!;
        return ((int)reply[0], text.Length > 0 ? RedriveTask.FromStored(queue, text) : null);
    }

    private async Task<Step> RedriveAsync(QueueName queue, RedriveFilter filter, bool dryRun, Step before, RedisValue[] ids)
    {
        var pairs = MetadataPairs.ToStored(filter.Metadata);
        var call = Call(queue)
            .Add(JobsPerCall, before.AsOf, filter.ErrorType, filter.AfterMs, filter.BeforeMs, filter.Limit, dryRun ? "1" : "", before.Score, before.Id, pairs.Length)
            .Add(pairs).Add(ids);
        var reply = (RedisValue[])(await scripts.RunAsync(RedriveScript, call))!;
        if (reply[1] != 0)
        {
            wakeups.Announce(queue.Stored);
        }

        return new Step(new Redriven((long)reply[0], (long)reply[1]), reply[2], reply[3], reply[4]);
    }

    private static ScriptCall Call(QueueName queue)
    {
        var call = new ScriptCall();
        call.Queue(queue.Stored);
        return call;
    }

    /// <param name="AsOf">The instant at which the first step was done.</param>
    /// <param name="Id">With the score, the last dead job looked at; empty where no more follow.</param>
    private sealed record Step(Redriven Done, RedisValue AsOf, RedisValue Score, RedisValue Id);
}

/// <summary>Which dead jobs are meant.</summary>
/// <param name="ErrorType">Only jobs whose last error has it; empty for all.</param>
/// <param name="AfterMs">Only jobs that died then or later, ms since 1970.</param>
/// <param name="BeforeMs">Only jobs that died earlier, ms since 1970.</param>
/// <param name="Metadata">Only jobs with these pairs.</param>
/// <param name="Limit">At most so many.</param>
internal sealed record RedriveFilter(string ErrorType, long AfterMs, long BeforeMs, IReadOnlyDictionary<string, string>? Metadata, long Limit);

/// <param name="Matched">Jobs that were meant.</param>
/// <param name="Jobs">Those of them that have new attempts.</param>
internal sealed record Redriven(long Matched, long Jobs)
{
    public Redriven And(Redriven more) => new(Matched + more.Matched, Jobs + more.Jobs);
}
