using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DelayQueueApi.Leases;

/// <summary>Gives due jobs to workers.</summary>
internal sealed class ClaimStore : IAsyncDisposable
{
    /// <summary>How long claim ids are remembered at least.</summary>
    private const int ClaimMemoryMs = 3_600_000;

    private static readonly Script ClaimScript = Script.Load("Leases/ClaimJobs.lua");

    private readonly ScriptRunner scripts;
    private readonly Partitions partitions;
    private readonly Wakeups wakeups;
    private readonly WorkersSeen workers;
    private readonly JobEvents events;
    private readonly GroupCommits<Claim, Claimed> claims;
    private Claim? last;

    public ClaimStore(ScriptRunner scripts, Partitions partitions, Wakeups wakeups, WorkersSeen workers, JobEvents events, IOptions<StoreOptions> options)
    {
        (this.scripts, this.partitions, this.wakeups, this.workers, this.events) = (scripts, partitions, wakeups, workers, events);
        claims = new(partitions, ClaimAsync, claim => claim.Weight(Interlocked.Exchange(ref last, claim)), Limits.MaxClaim, TimeSpan.FromMilliseconds(options.Value.TimeoutMs));
    }

    /// <summary>Leases what is due now.</summary>
    /// <exception cref="StoreException">The store could not be asked or did not answer.</exception>
    /// <exception cref="OperationCanceledException">The client went away before the claim was sent.</exception>
    public Task<Claimed> ClaimAsync(Claim claim, CancellationToken client = default) =>
        partitions.Count == 1 ? claims.SubmitAsync(partitions.First, claim, client) : ClaimInTurnAsync(claim, client);

    public ValueTask DisposeAsync() => claims.DisposeAsync();

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
                found = found is null ? more : new Claimed([.. found.Jobs, .. more.Jobs], more.Now > found.Now ? more.Now : found.Now);
            }
            catch (StoreException error)
            {
                // Where one partition may have leased something, so may the claim.
                failure = failure is { Applied: Applied.Unknown } ? failure : error;
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
        for (var at = 0; at < batch.Count;)
        {
            var (claim, first) = (batch[at], at);
            while (at < batch.Count && claim.IsLike(batch[at]))
            {
                at++;
            }

            call.Add(
                string.Join(',', claim.Queues.Select(queue => call.Queue(queue.Stored))), claim.Limit,
                claim.LeaseMs is { } leaseMs ? leaseMs : "", Unguessable.Bytes((at - first) * LeaseToken.NonceBytes), claim.Worker ?? "", claim.Id ?? "",
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
                jobs[j] = JobRecord.Decode(partition.Number, (byte[])granted[next++]!, (byte[])granted[next++]!);
            }

            answers[i] = new Claimed(jobs, now);
        }

        events.TimePassed(Lapse.Read(reply[3], partition, call));
        events.Claimed(answers);
        return answers;
    }
}
