using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
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
    private readonly Wakeups wakeups;
    private readonly WorkersSeen workers;
    private readonly EmbeddedStore embedded;
    private readonly StoreOptions options;
    private readonly GroupCommit<Claim, Claimed> claims;
    private readonly GroupCommit<Ack, Acked> acks;
    private readonly GroupCommit<Nack, Nacked> nacks;
    private readonly GroupCommit<HeldLease, Settled> releases;
    private readonly GroupCommit<Extension, Extended> extensions;

    public LeaseStore(ScriptRunner scripts, Wakeups wakeups, EmbeddedStore embedded, WorkersSeen workers, IOptions<StoreOptions> options)
    {
        (this.scripts, this.wakeups, this.embedded, this.workers, this.options) = (scripts, wakeups, embedded, workers, options.Value);
        var patience = TimeSpan.FromMilliseconds(options.Value.TimeoutMs);
        claims = new(ClaimAsync, claim => claim.Limit, Limits.MaxClaim, patience, TimeProvider.System);
        acks = new(AckAsync, ack => ack.Weight, Limits.MaxClaim, patience, TimeProvider.System);
        nacks = new(NackAsync, _ => 1, Limits.MaxClaim, patience, TimeProvider.System);
        releases = new(ReleaseAsync, _ => 1, Limits.MaxClaim, patience, TimeProvider.System);
        extensions = new(ExtendAsync, _ => 1, Limits.MaxClaim, patience, TimeProvider.System);
    }

    /// <summary>Leases what is due now.</summary>
    /// <exception cref="StoreException">The store could not be asked or did not answer; this holds for all methods here.</exception>
    /// <exception cref="OperationCanceledException">The client went away before the claim was sent.</exception>
    public Task<Claimed> ClaimAsync(Claim claim, CancellationToken client = default) => claims.SubmitAsync(claim, client);

    public Task<Acked> AckAsync(Ack ack)
    {
        if (ack.Then.Count > 0)
        {
            embedded.ThrowIfFull();
        }

        return acks.SubmitAsync(ack);
    }

    public Task<Nacked> NackAsync(Nack nack) => nacks.SubmitAsync(nack);

    public Task<Settled> ReleaseAsync(HeldLease lease) => releases.SubmitAsync(lease);

    public Task<Extended> ExtendAsync(Extension extension) => extensions.SubmitAsync(extension);

    public async ValueTask DisposeAsync()
    {
        await claims.DisposeAsync();
        await acks.DisposeAsync();
        await nacks.DisposeAsync();
        await releases.DisposeAsync();
        await extensions.DisposeAsync();
    }

    private async Task<IReadOnlyList<Claimed>> ClaimAsync(IReadOnlyList<Claim> batch)
    {
        var call = new ScriptCall().Add(Limits.DefaultLeaseMs, ClaimMemoryMs);
        foreach (var claim in batch)
        {
            call.Add(
                string.Join(',', claim.Queues.Select(queue => call.Queue(queue.Stored))), claim.Limit,
                claim.LeaseMs is { } leaseMs ? leaseMs : "", Unguessable.Bytes(LeaseToken.NonceBytes), claim.Worker ?? "", claim.Id ?? "",
                workers.IsNews(claim) ? "1" : "");
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
                jobs[j] = JobRecord.Decode(JobId.FromStored((byte[])granted[next++]!), (byte[])granted[next++]!);
            }

            answers[i] = new Claimed(jobs, now);
        }

        return answers;
    }

    private async Task<IReadOnlyList<Acked>> AckAsync(IReadOnlyList<Ack> batch)
    {
        var call = new ScriptCall().Add(options.SettledRetentionMs, options.IdempotencyRetentionMs, options.IdempotencyKeys);
        foreach (var ack in batch)
        {
            Add(call, ack.Lease).Add(ack.Result?.Utf8 ?? RedisValue.EmptyString, ack.Then.Count);
            foreach (var job in ack.Then)
            {
                job.AddTo(call);
            }
        }

        return Array.ConvertAll((RedisResult[])(await scripts.RunAsync(AckScript, call))!, answer => Decode(answer, call));
    }

    private Acked Decode(RedisResult reply, ScriptCall call)
    {
        if (reply.Resp2Type != ResultType.Array)
        {
            return new Acked((Settled)(int)reply, []);
        }

        var answer = (RedisResult[])reply!;
        var outcome = (Settled)(int)answer[0];
        if (outcome < Settled.Cancelled)
        {
            return new Acked(outcome, [JobId.FromStored((byte[])answer[2]!)], (int)answer[1]);
        }

        foreach (var queue in answer.Skip(2))
        {
            wakeups.Announce(call.Queues[(int)queue - 1]);
        }

        return new Acked(outcome, [.. ((byte[])answer[1]!).Chunk(JobId.StoredBytes).Select(id => JobId.FromStored(id))]);
    }

    private async Task<IReadOnlyList<Settled>> ReleaseAsync(IReadOnlyList<HeldLease> leases)
    {
        var call = Call(leases, lease => lease, _ => []);
        var reply = (int[])(await scripts.RunAsync(ReleaseScript, call))!;
        for (var i = 0; i < reply.Length; i++)
        {
            if ((Settled)reply[i] == Settled.Done)
            {
                wakeups.Announce(leases[i].Token.Queue.Stored);
            }
        }

        return Array.ConvertAll(reply, answer => (Settled)answer);
    }

    private async Task<IReadOnlyList<Nacked>> NackAsync(IReadOnlyList<Nack> batch)
    {
        var call = Call(batch, nack => nack.Lease, nack =>
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

        return answers;
    }

    private async Task<IReadOnlyList<Extended>> ExtendAsync(IReadOnlyList<Extension> batch)
    {
        var call = Call(batch, extension => extension.Lease, extension => [extension.LeaseMs]);
        var reply = (RedisResult[])(await scripts.RunAsync(ExtendScript, call))!;
        var answers = new Extended[batch.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = new Extended((ExtendOutcome)(int)reply[2 * i], DateTimeOffset.FromUnixTimeMilliseconds((long)reply[(2 * i) + 1]));
        }

        return answers;
    }

    /// <summary>The arguments that Lease.lua reads: each lease, and what the script itself takes for it.</summary>
    private ScriptCall Call<T>(IReadOnlyList<T> batch, Func<T, HeldLease> leaseOf, Func<T, RedisValue[]> more)
    {
        var call = new ScriptCall().Add(options.SettledRetentionMs);
        foreach (var operation in batch)
        {
            Add(call, leaseOf(operation)).Add(more(operation));
        }

        return call;
    }

    private static ScriptCall Add(ScriptCall call, HeldLease lease) =>
        call.Add(lease.StoredId, call.Queue(lease.Token.Queue.Stored), lease.Token.Name);
}
