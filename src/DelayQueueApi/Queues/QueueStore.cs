using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Queues;

/// <summary>What operators see of queues and do with them. Work on many jobs goes in small steps, so that it never holds up the store.</summary>
internal sealed class QueueStore(ScriptRunner scripts, Wakeups wakeups)
{
    /// <summary>As many records as a claim reads at once: each may have a payload of the largest size.</summary>
    private const int JobsPerCall = 20;
    private const int QueuesPerCall = 20;

    private static readonly Script GetScript = Script.Load("Queues/GetQueue.lua");
    private static readonly Script ListScript = Script.Load("Queues/ListQueues.lua");
    private static readonly Script PauseScript = Script.Load("Queues/PauseQueue.lua");
    private static readonly Script PurgeScript = Script.Load("Queues/PurgeQueue.lua");
    private static readonly Script RedriveScript = Script.Load("Queues/RedriveJobs.lua");

    /// <returns>The queue's counts, or null where there is no such queue.</returns>
    public async Task<QueueCounts?> GetAsync(QueueName queue) => queue.IsValid && await CountAsync([queue]) is [var counts] ? counts : null;

    public async Task<bool> IsThereAsync(QueueName queue) => await GetAsync(queue) is not null;

    /// <returns>Up to <paramref name="limit"/> queues in the order of their names, and the last one's name where more follow.</returns>
    public async Task<(IReadOnlyList<QueueCounts> Queues, QueueName? Next)> ListAsync(string? after, int limit, CancellationToken client)
    {
        var reply = (string[])(await scripts.RunAsync(
            ListScript, new ScriptCall().Add(after is null ? "" : new QueueName(after).Stored, limit + 1)))!;
        var names = reply.Take(limit).Select(QueueName.FromStored).ToArray();
        var queues = new List<QueueCounts>(names.Length);
        foreach (var chunk in names.Chunk(QueuesPerCall))
        {
            client.ThrowIfCancellationRequested();
            queues.AddRange(await CountAsync(chunk));
        }

        return (queues, reply.Length > limit ? names[^1] : null);
    }

    public Task PauseAsync(QueueName queue) => scripts.RunAsync(PauseScript, Call(queue).Add("1"));

    public async Task ResumeAsync(QueueName queue)
    {
        await scripts.RunAsync(PauseScript, Call(queue).Add(""));
        wakeups.Announce(queue.Stored);
    }

    /// <summary>Deletes the jobs that have the state when it begins, until the client goes away.</summary>
    /// <returns>How many.</returns>
    public async Task<long> PurgeAsync(QueueName queue, PurgedState state, CancellationToken client)
    {
        var purged = 0L;
        RedisValue asOf = "";
        while (true)
        {
            client.ThrowIfCancellationRequested();
            var reply = (long[])(await scripts.RunAsync(PurgeScript, Call(queue).Add(state.ToString().ToLowerInvariant(), JobsPerCall, asOf)))!;
            purged += reply[0];
            asOf = reply[2];
            if (reply[1] == 0)
            {
                return purged;
            }
        }
    }

    /// <summary>Redrives the jobs that are dead when it begins, until the client goes away.</summary>
    /// <returns>How many.</returns>
    public async Task<long> RedriveAsync(Redrive redrive, CancellationToken client)
    {
        var redriven = 0L;
        var step = new RedriveStep(0, "", "", "");
        do
        {
            client.ThrowIfCancellationRequested();
            step = await RedriveAsync(redrive with { Limit = redrive.Limit - redriven }, step, []);
            redriven += step.Redriven;
        }
        while (step.Id != "" && redriven < redrive.Limit);

        return redriven;
    }

    /// <summary>Redrives those of the named jobs that are dead.</summary>
    /// <returns>How many.</returns>
    public async Task<long> RedriveAsync(Redrive redrive, IEnumerable<JobId> ids, CancellationToken client)
    {
        var redriven = 0L;
        foreach (var chunk in ids.Where(id => id.Ulid is not null).Chunk(JobsPerCall))
        {
            client.ThrowIfCancellationRequested();
            var step = await RedriveAsync(
                redrive with { Limit = redrive.Limit - redriven }, new RedriveStep(0, "", "", ""), Array.ConvertAll(chunk, id => (RedisValue)id.Ulid));
            redriven += step.Redriven;
        }

        return redriven;
    }

    private async Task<RedriveStep> RedriveAsync(Redrive redrive, RedriveStep before, RedisValue[] ids)
    {
        var call = Call(redrive.Queue).Add(JobsPerCall, before.AsOf, redrive.ErrorType, redrive.Limit, before.Score, before.Id).Add(ids);
        var reply = (RedisValue[])(await scripts.RunAsync(RedriveScript, call))!;
        if (reply[0] != 0)
        {
            wakeups.Announce(redrive.Queue.Stored);
        }

        return new RedriveStep((long)reply[0], reply[1], reply[2], reply[3]);
    }

    /// <returns>The counts of those that there are.</returns>
    private async Task<IReadOnlyList<QueueCounts>> CountAsync(QueueName[] queues)
    {
        var reply = (RedisResult[])(await scripts.RunAsync(GetScript, Call(queues)))!;
        var counts = new List<QueueCounts>(queues.Length);
        for (var i = 0; i < queues.Length; i++)
        {
            var of = reply.AsSpan(i * 8, 8);
            var totals = of[7].ToDictionary();
            if ((int)of[0] == 1)
            {
                counts.Add(new QueueCounts(
                    queues[i], DateTimeOffset.FromUnixTimeMilliseconds((long)of[1]), (long)of[2], (long)of[3], (long)of[4], (long)of[5],
                    long.TryParse((string?)of[6], out var earliest) ? DateTimeOffset.FromUnixTimeMilliseconds(earliest) : null,
                    what => totals.TryGetValue(what, out var count) ? (long)count : 0));
            }
        }

        return counts;
    }

    private static ScriptCall Call(params ReadOnlySpan<QueueName> queues)
    {
        var call = new ScriptCall();
        foreach (var queue in queues)
        {
            call.Queue(queue.Stored);
        }

        return call;
    }

    /// <param name="AsOf">The instant at which the first step was done.</param>
    /// <param name="Id">With the score, the last dead job looked at; empty where no more follow.</param>
    private sealed record RedriveStep(long Redriven, RedisValue AsOf, RedisValue Score, RedisValue Id);
}

/// <param name="Now">The store's clock.</param>
/// <param name="EarliestRunAt">Of the jobs that no worker holds.</param>
/// <param name="Total">How often something has happened, by the names in Prelude.lua's stats.</param>
internal sealed record QueueCounts(
    QueueName Queue, DateTimeOffset Now, long Scheduled, long Ready, long Leased, long Dead, DateTimeOffset? EarliestRunAt, Func<string, long> Total);

/// <param name="ErrorType">Only jobs whose last error has it; empty for all.</param>
/// <param name="Limit">At most so many.</param>
internal sealed record Redrive(QueueName Queue, string ErrorType, long Limit);
