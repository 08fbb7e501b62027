using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Histories;

/// <summary>What a history tells, sorted by job.</summary>
internal sealed class Evidence
{
    public Evidence(IReadOnlyList<Call> calls)
    {
        Calls = [.. calls.OrderBy(call => call.Began)];
        Creates = Of<Create>();
        Claims = Of<Claim>();
        Faults = Of<Fault>();
        var settles = Of<Settle>();
        Chains = [.. settles.Where(ack => ack.Then is not null)];
        Asked = Creates.Select(create => create.Asked).Concat(Chains.Select(ack => ack.Then!)).DistinctBy(job => job.Payload)
            .ToDictionary(job => job.Payload);
        Lives = LivesOf(settles);
        Time = new StoreTime(
        [
            .. Creates.Where(create => create.Made is not null).Select(create => (create.Made!.EnqueuedAt, (long?)null, create.Ended)),
            .. Lives.Values.SelectMany(life => life.Grants).Select(grant => (grant.At, (long?)grant.Began, grant.Ended)),
        ]);
        UnseenClaims = [.. Claims.Where(claim => claim.Reply.IsUnknown && !IsAnsweredAgain(claim))];
    }

    public IReadOnlyList<Call> Calls { get; }

    public IReadOnlyList<Create> Creates { get; }

    public IReadOnlyList<Claim> Claims { get; }

    /// <summary>Acks with follow-ups.</summary>
    public IReadOnlyList<Settle> Chains { get; }

    public IReadOnlyList<Fault> Faults { get; }

    /// <summary>What clients asked for, by payload.</summary>
    public IReadOnlyDictionary<string, NewJob> Asked { get; }

    public IReadOnlyDictionary<string, Life> Lives { get; }

    public StoreTime Time { get; }

    /// <summary>Claims that may have leased jobs of which nobody knows.</summary>
    public IReadOnlyList<Claim> UnseenClaims { get; }

    public IReadOnlyList<T> Of<T>()
        where T : Call => [.. Calls.OfType<T>()];

    private Dictionary<string, Life> LivesOf(IReadOnlyList<Settle> settles)
    {
        var creates = Creates.Where(create => create.Made is not null).ToLookup(create => create.Made!.Id);
        var chains = Chains.Where(ack => ack.FollowUp is not null).ToLookup(ack => ack.FollowUp!);
        var settlesOf = settles.ToLookup(settle => settle.JobId);
        var cancels = Of<Cancel>().ToLookup(cancel => cancel.JobId);
        var looks = Of<Look>().ToLookup(look => look.JobId);
        var firstTries = Claims.Where(claim => claim.ClaimId is not null).GroupBy(claim => claim.ClaimId!)
            .ToDictionary(tries => tries.Key, tries => tries.Min(claim => claim.Began));
        // A claim that is repeated shows its leases again.
        var grants = Claims.SelectMany(claim => claim.Grants.Select(job => (Claim: claim, Job: job)))
            .GroupBy(grant => (grant.Job.Id, grant.Job.Lease.Fence, Claim: grant.Claim.ClaimId ?? $"{grant.Claim.Trip.Number}"))
            .Select(shown => shown.MinBy(grant => grant.Claim.Ended))
            .Select(first => new Grant(
                first.Claim, first.Job, first.Claim.ClaimId is { } id ? firstTries[id] : first.Claim.Began, first.Claim.Ended,
                [.. settlesOf[first.Job.Id].Where(settle => settle.Fence == first.Job.Lease.Fence)]))
            .OrderBy(grant => grant.Fence).ToLookup(grant => grant.Job.Id);

        return new[] { creates.Select(of => of.Key), chains.Select(of => of.Key), grants.Select(of => of.Key), looks.Select(of => of.Key) }
            .SelectMany(ids => ids).Distinct()
            .ToDictionary(id => id, id => new Life(
                id, [.. creates[id]], chains[id].FirstOrDefault(), [.. grants[id]], [.. settlesOf[id]], [.. cancels[id]], [.. looks[id]]));
    }

    /// <summary>Whether the same claim was answered while what it had leased would still have been shown.</summary>
    private bool IsAnsweredAgain(Claim unknown) => unknown.ClaimId is not null && Claims.Any(claim =>
        claim.ClaimId == unknown.ClaimId && claim.Reply.IsDone && claim.Ended < unknown.Began + (unknown.LeaseMs * 1_000L));
}
