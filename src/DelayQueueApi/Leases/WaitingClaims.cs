namespace DelayQueueApi.Leases;

/// <summary>Claims that wait until something is due. Wake first, pop last: a claim whose client went away takes no job.</summary>
internal sealed class WaitingClaims(LeaseStore store, Wakeups wakeups, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private int waiting;

    /// <summary>How many claims found nothing due and wait.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Leases what is due, or what becomes due within <paramref name="wait"/>; nothing when the service stops.</summary>
    /// <exception cref="OperationCanceledException">The client went away; what it was given is released.</exception>
    public async Task<Claimed> ClaimAsync(Claim claim, TimeSpan wait, CancellationToken client)
    {
        if (wait == TimeSpan.Zero)
        {
            return await ClaimOnceAsync(claim, client);
        }

        var started = time.GetTimestamp();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(client, lifetime.ApplicationStopping);
        using var place = wakeups.Join([.. claim.Queues.Select(queue => queue.Stored)]);
        while (true)
        {
            place.Rearm();
            var claimed = await ClaimOnceAsync(claim, client);
            var left = wait - time.GetElapsedTime(started);
            if (claimed.Jobs.Count > 0 || left <= TimeSpan.Zero || !await IsWokenAsync(place, left, leave.Token))
            {
                client.ThrowIfCancellationRequested();
                return claimed;
            }
        }
    }

    /// <returns>False where the time is up, the client is away or the service stops.</returns>
    private async Task<bool> IsWokenAsync(Wakeups.Waiter place, TimeSpan left, CancellationToken leave)
    {
        var woken = place.Woken.WaitAsync(left, time, leave);
        Interlocked.Increment(ref waiting);
        try
        {
            await woken;
            return true;
        }
        catch (Exception over) when (over is TimeoutException or OperationCanceledException)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }

    private async Task<Claimed> ClaimOnceAsync(Claim claim, CancellationToken client)
    {
        client.ThrowIfCancellationRequested();
        var claimed = await store.ClaimAsync(claim, client);
        if (client.IsCancellationRequested)
        {
            await Task.WhenAll(claimed.Jobs.Select(job =>
                store.ReleaseAsync(new HeldLease(job.Id.Stored!, new LeaseToken(job.Fence, job.Nonce, job.Queue)))));
            client.ThrowIfCancellationRequested();
        }

        return claimed;
    }
}
