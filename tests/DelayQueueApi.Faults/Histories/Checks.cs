using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Histories;

/// <summary>
/// The service's promises, each as a search for what breaks it in a history. A call whose outcome the client does not know may
/// have had its effect or not.
/// </summary>
internal sealed class Checks
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly Create[] creates;
    private readonly Cancel[] cancels;
    private readonly ILookup<string, Settle> settles;
    private readonly ILookup<string, Look> looks;
    private readonly Grant[] grants;
    private readonly IGrouping<string, Grant>[] jobs;
    private readonly Dictionary<string, Job> made;
    private readonly Settle[] chains;
    private readonly Dictionary<string, NewJob> asked;

    public Checks(IReadOnlyList<Call> calls)
    {
        creates = [.. calls.OfType<Create>()];
        cancels = [.. calls.OfType<Cancel>()];
        settles = calls.OfType<Settle>().ToLookup(settle => settle.JobId);
        looks = calls.OfType<Look>().ToLookup(look => look.JobId);
        grants = [.. calls.OfType<Claim>().SelectMany(claim => claim.Grants.Select(job => new Grant(claim, job)))];
        jobs = [.. grants.OrderBy(grant => grant.Fence).GroupBy(grant => grant.Job.Id)];
        made = creates.Where(create => create.Made is not null).DistinctBy(create => create.Made!.Id)
            .ToDictionary(create => create.Made!.Id, create => create.Made!);
        chains = [.. calls.OfType<Settle>().Where(ack => ack.Then is not null)];
        asked = creates.Select(create => create.Asked).Concat(chains.Select(ack => ack.Then!)).DistinctBy(job => job.Payload).ToDictionary(job => job.Payload);
    }

    /// <returns>What is wrong, each beginning with the promise's number; empty where all hold.</returns>
    public IReadOnlyList<string> All() =>
    [
        .. Lost(), .. Phantoms(), .. Overlaps(), .. FallingFences(), .. WrongAttempts(), .. Early(), .. AfterTheEnd(), .. EndedTwice(),
        .. Duplicates(), .. ForgottenAcks(), .. AppliedAfterAll(), .. Stuck(),
    ];

    private IEnumerable<string> Lost() =>
        from id in made.Keys.Concat(chains.Select(ack => ack.FollowUp).OfType<string>())
        where looks[id].LastOrDefault() is not { State: not null } && !IsMaybeCancelled(id) && !settles[id].Any(s => s is { Verb: Verb.Ack, Reply.MayHaveEffect: true })
        select $"S1 {id} was answered 201 and is gone, though nobody finished it";

    private IEnumerable<string> Phantoms()
    {
        foreach (var create in creates.Where(create => create.Made is not null))
        {
            var (want, got) = (create.Asked, create.Made!);
            var runAt = want.DelayMs is { } delay ? got.EnqueuedAt.AddMilliseconds(delay) : want.RunAt > got.EnqueuedAt ? want.RunAt.Value : got.EnqueuedAt;
            if (want.Payload != got.Payload || want.Queue != got.Queue || want.MaxAttempts != got.MaxAttempts || (got.RunAt - runAt).Duration() >= Millisecond)
            {
                yield return $"S2 {got.Id} was made other than asked: {got} for {want}";
            }
        }

        foreach (var (_, job) in grants)
        {
            if (!asked.TryGetValue(job.Payload, out var want))
            {
                yield return $"S2 {job.Id} has a payload that nobody sent: {job.Payload}";
            }
            else if (want.Queue != job.Queue || want.MaxAttempts != job.MaxAttempts
                || (job.Attempt == 1 && made.TryGetValue(job.Id, out var origin) && origin.RunAt != job.RunAt))
            {
                yield return $"S2 {job.Id} was granted other than made: {job} for {want}";
            }
        }
    }

    private IEnumerable<string> Overlaps() =>
        from pair in Neighbours()
        where pair.Later.Job.ClaimedAt < LeaseEnd(pair.Earlier) && !IsMaybeGivenBack(pair.Earlier, pair.Later)
        select $"S3 {pair.Later} begins within {pair.Earlier}, which ends {LeaseEnd(pair.Earlier):O}";

    private IEnumerable<string> FallingFences() =>
        from pair in Neighbours()
        where pair.Later.Fence == pair.Earlier.Fence
            || pair.Later.Claim.Ended < pair.Earlier.Claim.Began
            || pair.Later.Job.ClaimedAt < pair.Earlier.Job.ClaimedAt
        select $"S4 {pair.Later} is not after {pair.Earlier}";

    private IEnumerable<string> WrongAttempts()
    {
        foreach (var grant in grants.Where(grant => grant.Job.Attempt < 1 || grant.Job.Attempt > grant.Job.MaxAttempts))
        {
            yield return $"S6 {grant} is an attempt that there must not be";
        }

        foreach (var (earlier, later) in Neighbours())
        {
            var released = Of(earlier).Any(settle => settle is { Verb: Verb.Release, Reply.MayHaveEffect: true });
            if (later.Job.Attempt < earlier.Job.Attempt + (released ? 0 : 1))
            {
                yield return $"S6 {later} does not count the attempt of {earlier}";
            }
        }
    }

    private IEnumerable<string> Early()
    {
        foreach (var grant in grants)
        {
            if (grant.Job.LateMs < 0 || (made.TryGetValue(grant.Job.Id, out var job) && grant.Job.ClaimedAt < job.RunAt))
            {
                yield return $"S7 {grant} comes before its run-at";
            }

            if (settles[grant.Job.Id].Any(nack => nack.Verb == Verb.Nack && nack.Fence < grant.Fence && nack.Answer?.RunAt > grant.Job.ClaimedAt))
            {
                yield return $"S7 {grant} comes before the run-at that a nack told";
            }
        }
    }

    private IEnumerable<string> AfterTheEnd()
    {
        foreach (var grant in grants)
        {
            if (settles[grant.Job.Id].Any(ack => ack is { Verb: Verb.Ack, Reply.IsDone: true } && ack.Fence < grant.Fence))
            {
                yield return $"S8 {grant} comes after an ack";
            }

            if (cancels.Any(cancel => cancel.Reply.IsDone && cancel.JobId == grant.Job.Id && cancel.Ended < grant.Claim.Began))
            {
                yield return $"S8 {grant} comes after a cancel";
            }
        }
    }

    private IEnumerable<string> EndedTwice() =>
        from job in settles
        let acks = job.Where(ack => ack is { Verb: Verb.Ack, Reply.IsDone: true }).ToArray()
        where acks.DistinctBy(ack => ack.Fence).Count() > 1 || (acks.Length > 0 && looks[job.Key].Any(look => look.State is not null))
        select $"S9 {job.Key} was acked, and went on";

    private IEnumerable<string> Duplicates() =>
        from known in creates.Where(create => create.Made is not null).Select(create => (create.Asked.Key, create.Made!.Id))
            .Concat(chains.Where(ack => ack.FollowUp is not null).Select(ack => (ack.Then!.Key, Id: ack.FollowUp!)))
            .Concat(grants.Where(grant => asked.ContainsKey(grant.Job.Payload)).Select(grant => (asked[grant.Job.Payload].Key, grant.Job.Id)))
            .Distinct()
        group known.Id by known.Key into ids
        where ids.Count() > 1
        select $"S12 {ids.Key} made the jobs {string.Join(" and ", ids)}";

    private IEnumerable<string> ForgottenAcks()
    {
        foreach (var ack in settles.SelectMany(job => job).Where(settle => settle.Verb == Verb.Ack && settle.Reply.Status is 404 or 409))
        {
            if (ack.Reply.Status == 404 && !IsMaybeCancelled(ack.JobId))
            {
                yield return $"S13 the ack of {ack.JobId} by {ack.Fence} was answered 404, though nobody cancelled it";
            }

            if (settles[ack.JobId].Any(other => other is { Verb: Verb.Ack, Reply.IsDone: true } && other.Fence == ack.Fence && other.Ended < ack.Began))
            {
                yield return $"S13 a repeated ack of {ack.JobId} by {ack.Fence} was answered {ack.Reply.Status}";
            }
        }
    }

    private IEnumerable<string> AppliedAfterAll()
    {
        var granted = grants.Select(grant => grant.Job.Payload).ToHashSet();
        return
            from job in creates.Select(create => (create.Asked.Payload, create.Reply)).Concat(chains.Select(ack => (ack.Then!.Payload, ack.Reply)))
                .GroupBy(call => call.Payload, call => call.Reply)
            where !job.Any(reply => reply.MayHaveEffect) && granted.Contains(job.Key)
            select $"S15 a call that was refused, or answered \"no\", made the job of {job.Key}";
    }

    private IEnumerable<string> Stuck() =>
        from look in looks.Select(job => job.Last())
        where look.State is not (null or "dead")
        select $"L4 {look.JobId} is {look.State} after all is done";

    private IEnumerable<(Grant Earlier, Grant Later)> Neighbours() => jobs.SelectMany(job => job.Zip(job.Skip(1)));

    private IEnumerable<Settle> Of(Grant grant) => settles[grant.Job.Id].Where(settle => settle.Fence == grant.Fence);

    private bool IsMaybeCancelled(string id) => cancels.Any(cancel => cancel.JobId == id && cancel.Reply.MayHaveEffect);

    private DateTimeOffset LeaseEnd(Grant grant) =>
        Of(grant).Select(settle => settle.Answer?.ExpiresAt ?? default).Append(grant.Job.Lease.ExpiresAt).Max();

    private bool IsMaybeGivenBack(Grant earlier, Grant later) => Of(earlier).Any(settle =>
        settle is { Verb: Verb.Nack or Verb.Release, Reply.MayHaveEffect: true } && settle.Began < later.Claim.Ended);

    private sealed record Grant(Claim Claim, ClaimedJob Job)
    {
        public long Fence => Job.Lease.Fence;

        public override string ToString() => $"{Job.Id} attempt {Job.Attempt} of {Job.MaxAttempts} by {Fence} at {Job.ClaimedAt:O}";
    }
}
