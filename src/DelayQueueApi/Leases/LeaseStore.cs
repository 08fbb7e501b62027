using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Reaping;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DelayQueueApi.Leases;

/// <summary>What workers do with jobs.</summary>
internal sealed class LeaseStore : IAsyncDisposable
{
    /// <summary>How long claim ids are remembered at least.</summary>
    private const int ClaimMemoryMs = 3_600_000;

    private static readonly Script ClaimScript = Script.Load("Leases/ClaimJobs.lua");
    private static readonly Script AckScript = Script.Load("Leases/AckJob.lua");
    private static readonly Script NackScript = Script.Load("Leases/NackJob.lua");
    private static readonly Script ReleaseScript = Script.Load("Leases/ReleaseJob.lua");
    private static readonly Script ExtendScript = Script.Load("Leases/ExtendLease.lua");

    private readonly ScriptRunner scripts;
    private readonly Partitions partitions;
    private readonly Wakeups wakeups;
    private readonly WorkersSeen workers;
    private readonly JobEvents events;
    private readonly LeaseGrace grace;
    private readonly StoreOptions options;
    private readonly GroupCommits<Claim, Claimed> claims;
    private readonly GroupCommits<Ack, Acked> acks;
    private readonly GroupCommits<Nack, Nacked> nacks;
    private readonly GroupCommits<HeldLease, Settled> releases;
    private readonly GroupCommits<Extension, Extended> extensions;

    public LeaseStore(
        ScriptRunner scripts, Partitions partitions, Wakeups wakeups, WorkersSeen workers, JobEvents events, LeaseGrace grace, IOptions<StoreOptions> options)
    {
        (this.scripts, this.partitions, this.wakeups, this.workers, this.events, this.grace, this.options) =
            (scripts, partitions, wakeups, workers, events, grace, options.Value);
        var patience = TimeSpan.FromMilliseconds(options.Value.TimeoutMs);
        claims = new(partitions, ClaimAsync, claim => claim.Limit, Limits.MaxClaim, patience);
        acks = new(partitions, AckAsync, ack => ack.Weight, Limits.MaxClaim, patience);
        nacks = new(partitions, NackAsync, _ => 1, Limits.MaxClaim, patience);
        releases = new(partitions, ReleaseAsync, _ => 1, Limits.MaxClaim, patience);
        extensions = new(partitions, ExtendAsync, _ => 1, Limits.MaxClaim, patience);
    }

    /// <summary>Leases what is due now.</summary>
    /// <exception cref="StoreException">The store could not be asked or did not answer; this holds for all methods here.</exception>
    /// <exception cref="OperationCanceledException">The client went away before the claim was sent.</exception>
    public Task<Claimed> ClaimAsync(Claim claim, CancellationToken client = default) =>
        partitions.Count == 1 ? claims.SubmitAsync(partitions.First, claim, client) : ClaimInTurnAsync(claim, client);

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
        await claims.DisposeAsync();
        await acks.DisposeAsync();
        await nacks.DisposeAsync();
        await releases.DisposeAsync();
        await extensions.DisposeAsync();
    }

    /// <summary>
    /// Visits the partitions in turn until the claim has what it asks for. One that is away is passed over, and told of where the others have
    /// nothing. The jobs of a claim with an id come from one partition, and one that remembers the id is found first, so that a repeated
    /// claim gets what it was given; so does one beside it, since the id also tells which partition is the first.
    /// </summary>
    private async Task<Claimed> ClaimInTurnAsync(Claim claim, CancellationToken client)
    {
        if (claim.Id is null)
        {
            return await VisitAsync(partitions.InTurn(), claim, client);
        }

        var order = partitions.From(partitions.Of(claim.Id));
        return await VisitAsync(order, claim with { Limit = 0 }, client) is { Jobs.Count: > 0 } held ? held : await VisitAsync(order, claim, client);
    }

    private async Task<Claimed> VisitAsync(IEnumerable<PartitionKeys> order, Claim claim, CancellationToken client)
    {
        Claimed? found = null;
        StoreException? failure = null;
        foreach (var partition in order)
        {
            try
            {
                var more = await claims.SubmitAsync(partition, claim with { Limit = Math.Max(0, claim.Limit - (found?.Jobs.Count ?? 0)) }, client);
                found = found is null ? more : new Claimed([.. found.Jobs, .. more.Jobs], more.Now);
            }
            catch (StoreException error)
            {
                failure = error;
            }
            catch (OperationCanceledException) when (found is { Jobs.Count: > 0 })
            {
                // Who has gone must give back what is found.
                return found;
            }

            if (found is { Jobs.Count: > 0 } && (found.Jobs.Count >= claim.Limit || claim.Id is not null))
            {
                // More may be due where it has not been.
                wakeups.WakeNext(claim.Queues);
                break;
            }
        }

        return failure is null || found is { Jobs.Count: > 0 } ? found! : throw failure;
    }

    private async Task<IReadOnlyList<Claimed>> ClaimAsync(PartitionKeys partition, IReadOnlyList<Claim> batch)
    {
        var call = new ScriptCall(partition) { SharedBy = batch.Count }.Add(Limits.DefaultLeaseMs, ClaimMemoryMs);
        foreach (var claim in batch)
        {
            call.Add(
                string.Join(',', claim.Queues.Select(queue => call.Queue(queue.Stored))), claim.Limit,
                claim.LeaseMs is { } leaseMs ? leaseMs : "", Unguessable.Bytes(LeaseToken.NonceBytes), claim.Worker ?? "", claim.Id ?? "",
                workers.IsNews(claim, partition) ? "1" : "");
        }

        var reply = (RedisResult[])(await scripts.RunAsync(ClaimScript, call))!;
        var granted = (RedisResult[])reply[0]!;
        var waits = (long[])reply[1]!;
        var now = DateTimeOffset.FromUnixTimeMilliseconds((long)reply[2]);
        for (var i = 0; i < waits.Length; i++)
        {
            wakeups.Expect(call.Queues[i], waits[i]);
        }

        var answers = new Claimed[batch.Count];
        var next = 0;
        for (var i = 0; i < answers.Length; i++)
        {
            var jobs = new JobRecord[(int)granted[next++]];
            for (var j = 0; j < jobs.Length; j++)
            {
                jobs[j] = JobRecord.Decode(JobId.FromStored(partition.Number, (byte[])granted[next++]!), (byte[])granted[next++]!);
            }

            answers[i] = new Claimed(jobs, now);
        }

        events.TimePassed(Lapse.Read(reply[3], partition, call));
        events.Claimed(answers);
        return answers;
    }

    private async Task<IReadOnlyList<Acked>> AckAsync(PartitionKeys partition, IReadOnlyList<Ack> batch)
    {
        var call = new ScriptCall(partition) { SharedBy = batch.Count }.Add(options.SettledRetentionMs, options.IdempotencyRetentionMs, options.IdempotencyKeys);
        foreach (var ack in batch)
        {
            Add(call, ack.Lease).Add(ack.Result?.Utf8 ?? RedisValue.EmptyString, ack.Then.Count);
            foreach (var job in ack.Then)
            {
                job.AddTo(call);
            }
        }

        var answers = Array.ConvertAll((RedisResult[])(await scripts.RunAsync(AckScript, call))!, answer => Decode(answer, partition, call));
        events.Acked(batch, answers);
        return answers;
    }

    private Acked Decode(RedisResult reply, PartitionKeys partition, ScriptCall call)
    {
        if (reply.Resp2Type != ResultType.Array)
        {
            return new Acked((Settled)(int)reply, []);
        }

        var answer = (RedisResult[])reply!;
        var outcome = (Settled)(int)answer[0];
        if (outcome < Settled.Cancelled)
        {
            return new Acked(outcome, [JobId.FromStored(partition.Number, (byte[])answer[2]!)], (int)answer[1]);
        }

        foreach (var queue in answer.Skip(2))
        {
            wakeups.Announce(call.Queues[(int)queue - 1]);
        }

        return new Acked(outcome, [.. ((byte[])answer[1]!).Chunk(JobId.StoredBytes).Select(id => JobId.FromStored(partition.Number, id))]);
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
