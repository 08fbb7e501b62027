using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Reaping;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DelayQueueApi.Leases;

/// <summary>What workers do with jobs that they have claimed.</summary>
internal sealed class LeaseStore : IAsyncDisposable
{
    private static readonly Script AckScript = Script.Load("Leases/AckJob.lua");
    private static readonly Script NackScript = Script.Load("Leases/NackJob.lua");
    private static readonly Script ReleaseScript = Script.Load("Leases/ReleaseJob.lua");
    private static readonly Script ExtendScript = Script.Load("Leases/ExtendLease.lua");

    private readonly ScriptRunner scripts;
    private readonly Partitions partitions;
    private readonly Wakeups wakeups;
    private readonly JobEvents events;
    private readonly LeaseGrace grace;
    private readonly StoreOptions options;
    private readonly GroupCommits<Ack, Acked> acks;
    private readonly GroupCommits<Nack, Nacked> nacks;
    private readonly GroupCommits<HeldLease, Settled> releases;
    private readonly GroupCommits<Extension, Extended> extensions;

    public LeaseStore(ScriptRunner scripts, Partitions partitions, Wakeups wakeups, JobEvents events, LeaseGrace grace, IOptions<StoreOptions> options)
    {
        (this.scripts, this.partitions, this.wakeups, this.events, this.grace, this.options) = (scripts, partitions, wakeups, events, grace, options.Value);
        var patience = TimeSpan.FromMilliseconds(options.Value.TimeoutMs);
        acks = new(partitions, AckAsync, ack => ack.Weight, Limits.MaxClaim, patience);
        nacks = new(partitions, NackAsync, _ => 1, Limits.MaxClaim, patience);
        releases = new(partitions, ReleaseAsync, _ => 1, Limits.MaxClaim, patience);
        extensions = new(partitions, ExtendAsync, _ => 1, Limits.MaxClaim, patience);
    }

    /// <exception cref="StoreException">The store could not be asked or did not answer; this holds for all methods here.</exception>
    public Task<Acked> AckAsync(Ack ack) => acks.SubmitAsync(ack.Lease.Partition, ack);

    /// <returns>For each what became of it, or why the store did not take it; so do the other methods for many.</returns>
    public Task<IReadOnlyList<(Acked? Acked, StoreException? Failure)>> AckAllAsync(IReadOnlyList<Ack> all) => acks.SubmitAllAsync(all, ack => ack.Lease.Partition);

    public Task<Nacked> NackAsync(Nack nack) => nacks.SubmitAsync(nack.Lease.Partition, nack);

    public Task<IReadOnlyList<(Nacked? Nacked, StoreException? Failure)>> NackAllAsync(IReadOnlyList<Nack> all) => nacks.SubmitAllAsync(all, nack => nack.Lease.Partition);

    public Task<Settled> ReleaseAsync(HeldLease lease) => releases.SubmitAsync(lease.Partition, lease);

    /// <summary>Gives back what a claim was given.</summary>
    public Task<Settled> ReleaseAsync(JobRecord job)
    {
        var (partition, id) = partitions.Locate(job.Id)!.Value;
        return ReleaseAsync(new HeldLease(partition, id, new LeaseToken(job.Lease, job.Queue)));
    }

    public Task<Extended> ExtendAsync(Extension extension) => extensions.SubmitAsync(extension.Lease.Partition, extension);

    public async ValueTask DisposeAsync()
    {
        await acks.DisposeAsync();
        await nacks.DisposeAsync();
        await releases.DisposeAsync();
        await extensions.DisposeAsync();
    }

    private async Task<IReadOnlyList<Acked>> AckAsync(PartitionKeys partition, IReadOnlyList<Ack> batch)
    {
        var call = new ScriptCall(partition) { SharedBy = batch.Count }.Add(options.SettledRetentionMs, options.IdempotencyRetentionMs, options.IdempotencyKeys);
        for (var at = 0; at < batch.Count;)
        {
            var (ack, first) = (batch[at], at);
            while (at < batch.Count && ack.IsLike(batch[at]))
            {
                at++;
            }

            call.Add(call.Queue(ack.Lease.Token.Queue.Stored), Leases(batch, first, at - first), ack.Result?.Utf8 ?? RedisValue.EmptyString, ack.Then.Count);
            foreach (var job in ack.Then)
            {
                job.AddTo(call);
            }
        }

        var answers = ((RedisResult[])(await scripts.RunAsync(AckScript, call))!).Select((answer, i) => Decode(answer, partition, call, batch[i].Then)).ToArray();
        events.Acked(batch, answers);
        return answers;
    }

    /// <summary>Ids and names of leases, as AckJob.lua reads them.</summary>
    private static byte[] Leases(IReadOnlyList<Ack> acks, int first, int count)
    {
        var leases = new byte[count * HeldLease.Bytes];
        for (var i = 0; i < count; i++)
        {
            acks[first + i].Lease.CopyTo(leases.AsSpan(i * HeldLease.Bytes));
        }

        return leases;
    }

    private Acked Decode(RedisResult reply, PartitionKeys partition, ScriptCall call, IReadOnlyList<NewJob> then)
    {
        if (reply.Resp2Type != ResultType.Array)
        {
            return new Acked((Settled)(int)reply, []);
        }

        var answer = (RedisResult[])reply!;
        var outcome = (Settled)(int)answer[0];
        if (outcome < Settled.Cancelled)
        {
            var refused = (int)answer[1];
            return new Acked(outcome, [JobId.FromStored(partition.Number, (byte[])answer[2]!)], refused, then[refused - 1].Over);
        }

        foreach (var queue in answer.Skip(3))
        {
            wakeups.Announce(call.Queues[(int)queue - 1]);
        }

        var ids = ((byte[])answer[1]!).Chunk(JobId.StoredBytes).Select(id => JobId.FromStored(partition.Number, id));
        return new Acked(outcome, [.. ids]) { Made = outcome == Settled.Done ? Array.ConvertAll((byte[])answer[2]!, each => (ScheduleOutcome)each) : [] };
    }

    private async Task<IReadOnlyList<Settled>> ReleaseAsync(PartitionKeys partition, IReadOnlyList<HeldLease> leases)
    {
        var call = Call(partition, leases, lease => lease, _ => []);
        var reply = (int[])(await scripts.RunAsync(ReleaseScript, call))!;
        for (var i = 0; i < reply.Length; i++)
        {
            if ((Settled)reply[i] == Settled.Done)
            {
                wakeups.Announce(leases[i].Token.Queue.Stored);
            }
        }

        var answers = Array.ConvertAll(reply, answer => (Settled)answer);
        events.Released(leases, answers);
        return answers;
    }

    private async Task<IReadOnlyList<Nacked>> NackAsync(PartitionKeys partition, IReadOnlyList<Nack> batch)
    {
        var call = Call(partition, batch, nack => nack.Lease, nack =>
        [
            nack.Error.Encode(), nack.DelayMs is { } delay ? delay : "", nack.Dead ? "1" : "",
            BitConverter.ToUInt32(Unguessable.Bytes(4)), Backoff.Default.ToStored(),
        ]);
        var reply = (RedisResult[])(await scripts.RunAsync(NackScript, call))!;
        var answers = new Nacked[batch.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = new Nacked((NackOutcome)(int)reply[2 * i], DateTimeOffset.FromUnixTimeMilliseconds((long)reply[(2 * i) + 1]));
            if (answers[i].Outcome is NackOutcome.Ready or NackOutcome.Scheduled)
            {
                wakeups.Announce(batch[i].Lease.Token.Queue.Stored);
            }
        }

        events.Nacked(batch, answers);
        return answers;
    }

    private async Task<IReadOnlyList<Extended>> ExtendAsync(PartitionKeys partition, IReadOnlyList<Extension> batch)
    {
        RedisValue adopt = grace.IsRunning ? "1" : "";
        var call = Call(partition, batch, extension => extension.Lease, extension => [extension.LeaseMs, adopt]);
        var reply = (RedisResult[])(await scripts.RunAsync(ExtendScript, call))!;
        var answers = new Extended[batch.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = new Extended((ExtendOutcome)(int)reply[2 * i], DateTimeOffset.FromUnixTimeMilliseconds((long)reply[(2 * i) + 1]));
        }

        return answers;
    }

    /// <summary>The arguments that Lease.lua reads: each lease, and what the script itself takes for it.</summary>
    private ScriptCall Call<T>(PartitionKeys partition, IReadOnlyList<T> batch, Func<T, HeldLease> leaseOf, Func<T, RedisValue[]> more)
    {
        var call = new ScriptCall(partition) { SharedBy = batch.Count }.Add(options.SettledRetentionMs);
        foreach (var operation in batch)
        {
            Add(call, leaseOf(operation)).Add(more(operation));
        }

        return call;
    }

    private static ScriptCall Add(ScriptCall call, HeldLease lease) =>
        call.Add(lease.StoredId, call.Queue(lease.Token.Queue.Stored), lease.Token.Name);
}
