using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Queues;

/// <summary>What operators see of queues and do with them. Work on many jobs goes in small steps, so that it never holds up the store.</summary>
internal sealed class QueueStore(ScriptRunner scripts, Partitions partitions, Wakeups wakeups)
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
        var parts = await Task.WhenAll(partitions.Select(partition => scripts.RunAsync(
            ListScript, new ScriptCall(partition).Add(after is null ? "" : new QueueName(after).Stored, limit + 1))));
        var found = parts.SelectMany(part => (string[])part!).Distinct().Order(StringComparer.Ordinal).Take(limit + 1).ToArray();
        var names = found.Take(limit).Select(QueueName.FromStored).ToArray();
        var queues = new List<QueueCounts>(names.Length);
        foreach (var chunk in names.Chunk(QueuesPerCall))
        {
            client.ThrowIfCancellationRequested();
            queues.AddRange(await CountAsync(chunk));
        }

        return (queues, found.Length > limit ? names[^1] : null);
    }

    public Task PauseAsync(QueueName queue, bool paused) => SetAsync(queue, there: paused, _ => Paused(paused));

    /// <param name="paused">Null to leave it as it is.</param>
    /// <returns>True where the queue was not there before.</returns>
    public Task<bool> SetAsync(QueueName queue, QueueSettings settings, bool? paused) =>
        SetAsync(queue, there: true, partition => ["settings", settings.ShareOf(partitions, partition).ToStored(), .. paused is { } pause ? Paused(pause) : []]);

    private static RedisValue[] Paused(bool paused) => ["paused", paused ? "1" : ""];

    /// <summary>Where it fails after some of the partitions, it is to be repeated.</summary>
    private async Task<bool> SetAsync(QueueName queue, bool there, Func<PartitionKeys, RedisValue[]> fields)
    {
        var made = await EachAsync(partition => scripts.RunAsync(SetScript, Call(partition, queue).Add(there ? "1" : "").Add(fields(partition))));
        wakeups.Announce(queue.Stored);
        return made.All(reply => (int)reply == 1);
    }

    /// <summary>Deletes a queue, until the client goes away.</summary>
    public async Task<QueueDeleted> DeleteAsync(QueueName queue, bool force, CancellationToken client)
    {
        // So that no partition forgets it while another has jobs.
        if (partitions.Count > 1 && !force && await GetAsync(queue) is { IsEmpty: false })
        {
            return QueueDeleted.NotEmpty;
        }

        var deleted = await EachAsync(partition => DeleteAsync(partition, queue, force, client));
        return deleted.Contains(QueueDeleted.NotEmpty) ? QueueDeleted.NotEmpty : deleted.Max();
    }

    private async Task<QueueDeleted> DeleteAsync(PartitionKeys partition, QueueName queue, bool force, CancellationToken client)
    {
        for (var began = false; ; began = true)
        {
            client.ThrowIfCancellationRequested();
            var call = Call(partition, queue).Add(force ? "1" : "", JobsPerCall);
            var deleted = (QueueDeleted)(int)await StoreException.AfterEffectAsync(() => scripts.RunAsync(DeleteScript, call), hadEffect: began);
            if (deleted != QueueDeleted.More)
            {
                return deleted;
            }
        }
    }

    /// <summary>Deletes the jobs that have the state when it begins, until the client goes away.</summary>
    /// <returns>How many.</returns>
    public async Task<long> PurgeAsync(QueueName queue, PurgedState state, CancellationToken client) =>
        (await EachAsync(partition => PurgeAsync(partition, queue, state, client))).Sum();

    private async Task<long> PurgeAsync(PartitionKeys partition, QueueName queue, PurgedState state, CancellationToken client)
    {
        var purged = 0L;
        long? all = null;
        RedisValue asOf = "";
        while (true)
        {
            client.ThrowIfCancellationRequested();
            var call = Call(partition, queue).Add(state.ToString().ToLowerInvariant(), JobsPerCall, asOf);
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
        foreach (var (partition, chunk) in partitions.Chunk(ids, JobsPerCall))
        {
            client.ThrowIfCancellationRequested();
            var call = Call(partition, queue).Add(state.ToString().ToLowerInvariant(), 0, "").Add(chunk);
            purged += ((long[])(await StoreException.AfterEffectAsync(() => scripts.RunAsync(PurgeScript, call), hadEffect: purged > 0))!)[0];
        }

        return purged;
    }

    /// <returns>The counts of those that there are.</returns>
    private async Task<IReadOnlyList<QueueCounts>> CountAsync(QueueName[] queues)
    {
        var parts = await Task.WhenAll(partitions.Select(partition => CountAsync(partition, queues)));
        return [.. queues.Select(queue => QueueCounts.Sum([.. parts.SelectMany(part => part).Where(counts => counts.Queue == queue)])).OfType<QueueCounts>()];
    }

    private async Task<IReadOnlyList<QueueCounts>> CountAsync(PartitionKeys partition, QueueName[] queues)
    {
        var reply = (RedisResult[])(await scripts.RunAsync(GetScript, Call(partition, queues)))!;
        var counts = new List<QueueCounts>(queues.Length);
        for (var i = 0; i < queues.Length; i++)
        {
            var of = reply.AsSpan(i * 10, 10);
            if ((int)of[0] == 1)
            {
                counts.Add(QueueCounts.From(queues[i], of));
            }
        }

        return counts;
    }

    /// <summary>Does something in one partition after the other, so that a failure tells whether an earlier one was changed.</summary>
    private async Task<T[]> EachAsync<T>(Func<PartitionKeys, Task<T>> act)
    {
        var done = new T[partitions.Count];
        foreach (var partition in partitions)
        {
            done[partition.Number] = await StoreException.AfterEffectAsync(() => act(partition), hadEffect: partition.Number > 0);
        }

        return done;
    }

    private static ScriptCall Call(PartitionKeys partition, params ReadOnlySpan<QueueName> queues)
    {
        var call = new ScriptCall(partition);
        foreach (var queue in queues)
        {
            call.Queue(queue.Stored);
        }

        return call;
    }
}

/// <summary>As DeleteQueue.lua answers.</summary>
internal enum QueueDeleted
{
    Done = 1,
    More = 2,
    Missing = 0,
    NotEmpty = -1,
}
