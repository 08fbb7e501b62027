using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Histories;

/// <summary>Everything that clients saw of one job.</summary>
/// <param name="Grants">By fence, which is the order in which the store gave them.</param>
internal sealed record Life(
    string Id, IReadOnlyList<Create> Creates, Settle? MadeBy, IReadOnlyList<Grant> Grants, IReadOnlyList<Settle> Settles,
    IReadOnlyList<Cancel> Cancels, IReadOnlyList<Look> Looks)
{
    public Job? Made => Creates.Count > 0 ? Creates[0].Made : null;

    /// <summary>As the last look found it; null where it was gone.</summary>
    public Job? Last => Looks is [.., var look] ? look.Found : null;

    /// <summary>The first answer that promised the job; never where none came.</summary>
    public long PromisedAt => Creates.Select(create => create.Ended).Concat(MadeBy is null ? [] : [MadeBy.Ended]).DefaultIfEmpty(long.MaxValue).Min();

    public IEnumerable<(Grant Earlier, Grant Later)> Neighbours => Grants.Zip(Grants.Skip(1));

    /// <summary>Whether something may have ended it before then.</summary>
    public bool MayHaveEnded(long before) =>
        Cancels.Any(cancel => cancel.Reply.MayHaveEffect && cancel.Began < before)
        || Settles.Any(settle => settle.Reply.MayHaveEffect && settle.Began < before && (settle.Verb == Verb.Ack || IsMaybeLast(settle)));

    public bool IsMaybeCancelled => Cancels.Any(cancel => cancel.Reply.MayHaveEffect);

    /// <summary>A worker that lets go of a cancelled job is told 409, and the job is gone.</summary>
    private bool IsMaybeLast(Settle settle) => settle.Verb != Verb.Extend && IsMaybeCancelled;
}

/// <summary>A lease, as the claim that gave it tells.</summary>
/// <param name="Began">The first try of the claim; a repeated one has the same leases.</param>
/// <param name="Ended">The first answer with it.</param>
internal sealed record Grant(Claim Claim, ClaimedJob Job, long Began, long Ended, IReadOnlyList<Settle> Settles)
{
    public long Fence => Job.Lease.Fence;

    /// <summary>On the store's clock.</summary>
    public DateTimeOffset At => Job.Lease.ExpiresAt.AddMilliseconds(-Claim.LeaseMs);

    /// <summary>Extensions only make leases longer here.</summary>
    public DateTimeOffset LeaseEnd => Settles.Select(settle => settle.Answer?.ExpiresAt ?? default).Append(Job.Lease.ExpiresAt).Max();

    /// <summary>Whether all that would have prolonged it is known.</summary>
    public bool IsLeaseEndKnown => !Settles.Any(settle => settle is { Verb: Verb.Extend, Reply.IsUnknown: true });

    public bool IsMaybeGivenBack(long before) =>
        Settles.Any(settle => settle is { Verb: Verb.Nack or Verb.Release, Reply.MayHaveEffect: true } && settle.Began < before);

    public override string ToString() => $"attempt {Job.Attempt} of {Job.MaxAttempts} by {Fence} at {At:HH:mm:ss.fff}";
}
