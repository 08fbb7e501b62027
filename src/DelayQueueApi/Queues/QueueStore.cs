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
    private const int QueuesPerMeasure = 100;
    private const int NamesPerCall = 1_000;

    private static readonly Script GetScript = Script.Load("Queues/GetQueue.lua");
    private static readonly Script ListScript = Script.Load("Queues/ListQueues.lua");
    private static readonly Script SetScript = Script.Load("Queues/SetQueue.lua");
    private static readonly Script DeleteScript = Script.Load("Queues/DeleteQueue.lua");
    private static readonly Script PurgeScript = Script.Load("Queues/PurgeQueue.lua");
    private static readonly Script MeasureScript = Script.Load("Queues/MeasureQueues.lua");

    /// <returns>The queue's counts, or null where there is no such queue.</returns>
    public async Task<QueueCounts?> GetAsync(QueueName queue) => queue.IsValid && await CountAsync([queue]) is [var counts] ? counts : null;

    public async Task<bool> IsThereAsync(QueueName queue) => await GetAsync(queue) is not null;

    /// <param name="namespace">Whose queues.</param>
    /// <param name="which">In the order of names; none covers another.</param>
    /// <param name="after">The name after which to go on, null from the start.</param>
    /// <returns>Up to <paramref name="limit"/> queues in the order of their names, and the last one's name where more follow.</returns>
    public async Task<(IReadOnlyList<QueueCounts> Queues, QueueName? Next)> ListAsync(
        string @namespace, IEnumerable<QueuePattern> which, string? after, int limit, CancellationToken client)
    {
        var names = new List<QueueName>();
        foreach (var pattern in which)
        {
            if (Range(@namespace, pattern, after) is { } range && names.Count <= limit)
            {
                names.AddRange(await NamesAsync(range.From, range.To, limit + 1 - names.Count));
            }
        }

        return await PageAsync(names, limit, client);
    }

    /// <summary>The queues of all namespaces.</summary>
    public async Task<(IReadOnlyList<QueueCounts> Queues, QueueName? Next)> ListAllAsync(QueueName? after, int limit, CancellationToken stopping) =>
        await PageAsync(await NamesAsync(after is { } last ? $"({last.Stored}" : "-", "+", limit + 1), limit, stopping);

    /// <summary>What a namespace holds in the store.</summary>
    public async Task<NamespaceUsage> UsageAsync(string @namespace)
    {
        var (jobs, bytes, all) = (0L, 0L, new HashSet<string>());
        IReadOnlyList<QueueName> names;
        string? after = null;
        do
        {
            var (from, to) = Range(@namespace, QueuePattern.All, after)!.Value;
            names = await NamesAsync(from, to, NamesPerCall);
            foreach (var chunk in names.Chunk(QueuesPerMeasure))
            {
                foreach (var held in await Task.WhenAll(partitions.Select(async partition => (long[])(await scripts.RunAsync(MeasureScript, Call(partition, chunk)))!)))
                {
                    jobs += held[0];
                    bytes += held[1];
                }
            }

            all.UnionWith(names.Select(name => name.Text));
            after = names.Count > 0 ? names[^1].Text : null;
        }
        while (names.Count == NamesPerCall);
        return new NamespaceUsage(jobs, bytes, all);
    }

    public Task PauseAsync(QueueName queue, bool paused) => SetAsync(queue, there: paused, _ => Paused(paused));

    /// <param name="paused">Null to leave it as it is.</param>
    /// <returns>True where the queue was not there before.</returns>
    public Task<bool> SetAsync(QueueName queue, QueueSettings settings, bool? paused) =>
        SetAsync(queue, there: true, partition => ["settings", settings.ShareOf(partitions, partition).ToStored(), .. paused is { } pause ? Paused(pause) : []]);

    /// <summary>What happens to a queue is one event, whichever partitions have it.</summary>
    private static RedisValue Tells(bool tells) => tells ? "1" : "";

    private static RedisValue[] Paused(bool paused) => ["paused", paused ? "1" : ""];

    /// <summary>Where it fails after some of the partitions, it is to be repeated.</summary>
    private async Task<bool> SetAsync(QueueName queue, bool there, Func<PartitionKeys, RedisValue[]> fields)
    {
        var made = await EachAsync(partition => scripts.RunAsync(SetScript, Call(partition, queue).Add(there ? "1" : "", Tells(partition == partitions.First)).Add(fields(partition))));
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

        var told = false;
        var deleted = await EachAsync(async partition =>
        {
            var done = await DeleteAsync(partition, queue, force, !told, client);
            told |= done == QueueDeleted.Done;
            return done;
        });
        return deleted.Contains(QueueDeleted.NotEmpty) ? QueueDeleted.NotEmpty : deleted.Max();
    }

    private async Task<QueueDeleted> DeleteAsync(PartitionKeys partition, QueueName queue, bool force, bool tells, CancellationToken client)
    {
        for (var began = false; ; began = true)
        {
            client.ThrowIfCancellationRequested();
            var call = Call(partition, queue).Add(force ? "1" : "", JobsPerCall, Tells(tells));
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

    /// <returns>Names in order, from and to as ZRANGEBYLEX takes them.</returns>
    private async Task<IReadOnlyList<QueueName>> NamesAsync(string from, string to, int most)
    {
        var parts = await Task.WhenAll(partitions.Select(partition => scripts.RunAsync(ListScript, new ScriptCall(partition).Add(from, to, most))));
        return [.. parts.SelectMany(part => (string[])part!).Distinct().Order(StringComparer.Ordinal).Take(most).Select(QueueName.FromStored)];
    }

    private async Task<(IReadOnlyList<QueueCounts> Queues, QueueName? Next)> PageAsync(IReadOnlyList<QueueName> names, int limit, CancellationToken client)
    {
        var queues = new List<QueueCounts>(names.Count);
        foreach (var chunk in names.Take(limit).Chunk(QueuesPerCall))
        {
            client.ThrowIfCancellationRequested();
            queues.AddRange(await CountAsync(chunk));
        }

        return (queues, names.Count > limit ? names[limit - 1] : null);
    }

    /// <returns>Where the names lie, as ZRANGEBYLEX takes it; null where none can be behind <paramref name="after"/>.</returns>
    private static (string From, string To)? Range(string @namespace, QueuePattern which, string? after)
    {
        var first = new QueueName(which.Start, @namespace).Stored;
        // Names have no character that is as large.
        var to = which.IsPrefix ? $"({first}~" : $"[{first}";
        return after is null || string.CompareOrdinal(after, which.Start) < 0 ? ($"[{first}", to)
            : which.IsPrefix && after.StartsWith(which.Start, StringComparison.Ordinal) ? ($"({new QueueName(after, @namespace).Stored}", to)
            : null;
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

/// <param name="Jobs">Of any state.</param>
/// <param name="Bytes">Of their records.</param>
/// <param name="Queues">The names of its queues.</param>
internal sealed record NamespaceUsage(long Jobs, long Bytes, IReadOnlySet<string> Queues);

/// <summary>As DeleteQueue.lua answers.</summary>
internal enum QueueDeleted
{
    Done = 1,
    More = 2,
    Missing = 0,
    NotEmpty = -1,
}
