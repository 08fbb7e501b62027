namespace DelayQueueApi.Leases;

/// <summary>Claims that wait until something is due. Wake first, pop last: a claim whose client went away takes no job.</summary>
internal sealed class WaitingClaims
{
    private readonly ClaimStore claims;
    private readonly LeaseStore leases;
    private readonly Wakeups wakeups;
    private readonly TimeProvider time;
    private readonly CancellationToken stopping;
    private int waiting;

    public WaitingClaims(ClaimStore claims, LeaseStore leases, Wakeups wakeups, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        (this.claims, this.leases, this.wakeups, this.time, stopping) = (claims, leases, wakeups, time, lifetime.ApplicationStopping);
        stopping.Register(wakeups.WakeAll);
    }

    /// <summary>How many claims found nothing due and wait.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Leases what is due, or what becomes due within <paramref name="wait"/>; nothing when the service stops.</summary>
    /// <exception cref="OperationCanceledException">The client went away; what it was given is released, or kept for its repeat where the claim has an id.</exception>
    public async Task<Claimed> ClaimAsync(Claim claim, TimeSpan wait, CancellationToken client)
    {
        var claimed = wait == TimeSpan.Zero ? await claims.ClaimAsync(claim, client) : await WaitAsync(claim, wait, client);
        if (client.IsCancellationRequested)
        {
            // A repeat under the same id may have got the same leases, or will.
            if (claim.Id is null)
            {
                await Task.WhenAll(claimed.Jobs.Select(leases.ReleaseAsync));
            }

            client.ThrowIfCancellationRequested();
        }

        return claimed;
    }

    private async Task<Claimed> WaitAsync(Claim claim, TimeSpan wait, CancellationToken client)
    {
        var started = time.GetTimestamp();
        using var place = wakeups.Join(claim.Queues.Select(queue => queue.Stored));
        while (true)
        {
            place.Rearm();
            var claimed = await claims.ClaimAsync(claim, client);
            var left = wait - time.GetElapsedTime(started);
            if (claimed.Jobs.Count > 0 || left <= TimeSpan.Zero || !await IsWokenAsync(place.Woken, left, client))
            {
                return claimed;
            }
        }
    }

    /// <returns>False where the time is up, the client is away or the service stops.</returns>
    private async Task<bool> IsWokenAsync(Task woken, TimeSpan left, CancellationToken client)
    {
        var sleep = stopping.IsCancellationRequested ? Task.CompletedTask : woken.WaitAsync(left, time, client);
        Interlocked.Increment(ref waiting);
        await sleep.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref waiting);
        return sleep.IsCompletedSuccessfully && !stopping.IsCancellationRequested;
    }
}
