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
    private static readonly Script SetScript = Script.Load("Queues/SetQueue.lua");
    private static readonly Script DeleteScript = Script.Load("Queues/DeleteQueue.lua");
    private static readonly Script PurgeScript = Script.Load("Queues/PurgeQueue.lua");

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

    public Task PauseAsync(QueueName queue, bool paused) => SetAsync(queue, there: paused, ["paused", paused ? "1" : ""]);

    /// <param name="paused">Null to leave it as it is.</param>
    /// <returns>True where the queue was not there before.</returns>
    public Task<bool> SetAsync(QueueName queue, QueueSettings settings, bool? paused) =>
        SetAsync(queue, there: true, ["settings", settings.ToStored(), .. paused is { } pause ? ["paused", pause ? "1" : ""] : Array.Empty<RedisValue>()]);

    private async Task<bool> SetAsync(QueueName queue, bool there, RedisValue[] fields)
    {
        var made = await scripts.RunAsync(SetScript, Call(queue).Add(there ? "1" : "").Add(fields));
        wakeups.Announce(queue.Stored);
        return (int)made == 1;
    }

    /// <summary>Deletes a queue, until the client goes away.</summary>
    public async Task<QueueDeleted> DeleteAsync(QueueName queue, bool force, CancellationToken client)
    {
        for (var began = false; ; began = true)
        {
            client.ThrowIfCancellationRequested();
            var call = Call(queue).Add(force ? "1" : "", JobsPerCall);
            var deleted = (QueueDeleted)(int)await StoreException.AfterEffectAsync(() => scripts.RunAsync(DeleteScript, call), hadEffect: began);
            if (deleted != QueueDeleted.More)
            {
                return deleted;
            }
        }
    }

    /// <summary>Deletes the jobs that have the state when it begins, until the client goes away.</summary>
    /// <returns>How many.</returns>
    public async Task<long> PurgeAsync(QueueName queue, PurgedState state, CancellationToken client)
    {
        var purged = 0L;
        long? all = null;
        RedisValue asOf = "";
        while (true)
        {
            client.ThrowIfCancellationRequested();
            var call = Call(queue).Add(state.ToString().ToLowerInvariant(), JobsPerCall, asOf);
            var reply = (long[])(await StoreException.AfterEffectAsync(() => scripts.RunAsync(PurgeScript, call), hadEffect: purged > 0))!;
            purged += reply[0];
            // More may come in than there were, and some may go.
            all ??= reply[1];
            asOf = reply[2];
            if (reply[0] >= reply[1] || purged >= all)
            {
                return purged;
            }
        }
    }

    /// <summary>Deletes those of the named jobs that have the state.</summary>
    /// <returns>How many.</returns>
    public async Task<long> PurgeAsync(QueueName queue, PurgedState state, IEnumerable<JobId> ids, CancellationToken client)
    {
        var purged = 0L;
        foreach (var chunk in ids.Where(id => id.Stored is not null).Chunk(JobsPerCall))
        {
            client.ThrowIfCancellationRequested();
            var call = Call(queue).Add(state.ToString().ToLowerInvariant(), 0, "").Add(Array.ConvertAll(chunk, id => (RedisValue)id.Stored));
            purged += ((long[])(await StoreException.AfterEffectAsync(() => scripts.RunAsync(PurgeScript, call), hadEffect: purged > 0))!)[0];
        }

        return purged;
    }

    /// <returns>The counts of those that there are.</returns>
    private async Task<IReadOnlyList<QueueCounts>> CountAsync(QueueName[] queues)
    {
        var reply = (RedisResult[])(await scripts.RunAsync(GetScript, Call(queues)))!;
        var counts = new List<QueueCounts>(queues.Length);
        for (var i = 0; i < queues.Length; i++)
        {
            var of = reply.AsSpan(i * 10, 10);
            if ((int)of[0] == 1)
            {
                counts.Add(new QueueCounts(
                    queues[i], DateTimeOffset.FromUnixTimeMilliseconds((long)of[1]), (long)of[2], (long)of[3], (long)of[4], (long)of[5], (long)of[6], (long)of[7],
                    long.TryParse((string?)of[8], out var earliest) ? DateTimeOffset.FromUnixTimeMilliseconds(earliest) : null,
                    of[9].ToDictionary()));
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
}

/// <param name="Now">The store's clock.</param>
/// <param name="EarliestRunAt">Of the jobs that no worker holds.</param>
/// <param name="Stats">The queue's own hash, as docs/keyspace.md tells it.</param>
internal sealed record QueueCounts(
    QueueName Queue, DateTimeOffset Now, long Scheduled, long Ready, long Leased, long Dead, long Completed, long Expired, DateTimeOffset? EarliestRunAt,
    IReadOnlyDictionary<string, RedisResult> Stats)
{
    public QueueRates Rates => QueueRates.From(
        Bytes("recent"), [Total("created"), Total("claimed"), Total("acked"), Total("nacked"), Total("leasesExpired")], Now);

    public IReadOnlyList<SeenWorker> Workers => SeenWorker.From(Bytes("workers"), Now);

    public QueueSettings Settings => QueueSettings.FromStored(Stats.TryGetValue("settings", out var settings) ? (string)settings! : "");

    /// <summary>How often something has happened.</summary>
    public long Total(string what) => Stats.TryGetValue(what, out var count) ? (long)count : 0;

    private byte[] Bytes(string what) => Stats.TryGetValue(what, out var bytes) ? (byte[])bytes! : [];
}

/// <summary>As DeleteQueue.lua answers.</summary>
internal enum QueueDeleted
{
    Done = 1,
    More = 2,
    Missing = 0,
    NotEmpty = -1,
}
