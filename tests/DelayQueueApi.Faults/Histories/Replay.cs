namespace DelayQueueApi.Faults.Histories;

/// <summary>
/// Leads one job through its states, lease by lease in the order of fences, and tells where what clients saw is not what the
/// states of a job allow. A call whose outcome nobody knows may have had its effect or not.
/// </summary>
internal sealed class Replay(Life life, Evidence evidence)
{
    public IEnumerable<Violation> Violations() =>
        [.. life.Grants.SelectMany(Granted), .. life.Neighbours.SelectMany(pair => Next(pair.Earlier, pair.Later)), .. Attempts(), .. Ended()];

    /// <summary>From pending to leased.</summary>
    private IEnumerable<Violation> Granted(Grant grant)
    {
        if (grant.Job.Attempt < 1 || grant.Job.Attempt > grant.Job.MaxAttempts)
        {
            yield return Broken("S6", grant, "is an attempt that there must not be");
        }

        var runAt = life.Made?.RunAt;
        if (grant.At < runAt || grant.At < grant.Job.RunAt || grant.Job.LateMs < 0)
        {
            yield return Broken("S7", grant, $"comes before its run-at, {grant.Job.RunAt:HH:mm:ss.fff}, made for {runAt:HH:mm:ss.fff}");
        }

        if (life.Settles.Any(nack => nack.Verb == Verb.Nack && nack.Fence < grant.Fence && nack.Answer?.RunAt > grant.At))
        {
            yield return Broken("S7", grant, "comes before the run-at that a nack told");
        }

        if (life.Settles.Any(ack => ack is { Verb: Verb.Ack, Reply.IsDone: true } && ack.Fence < grant.Fence))
        {
            yield return Broken("S8", grant, "comes after an ack");
        }

        if (life.Cancels.Any(cancel => cancel.Reply.IsDone && cancel.Ended < grant.Began))
        {
            yield return Broken("S8", grant, "comes after a cancel");
        }

        if (life.Settles.Any(nack => nack.Answer?.State == "dead" && nack.Fence < grant.Fence))
        {
            yield return Broken("S9", grant, "comes after the job has died");
        }
    }

    /// <summary>From one lease to the next.</summary>
    private IEnumerable<Violation> Next(Grant earlier, Grant later)
    {
        if (later.At < earlier.LeaseEnd && !earlier.IsMaybeGivenBack(later.Ended))
        {
            yield return Broken("S3", later, $"begins within {earlier}, which ends {earlier.LeaseEnd:HH:mm:ss.fff}");
        }

        if (later.Fence == earlier.Fence || later.Ended < earlier.Began || later.At < earlier.At)
        {
            yield return Broken("S4", later, $"is not after {earlier}");
        }

        foreach (var settle in earlier.Settles.Where(settle => settle.Reply.IsDone && settle.Began > later.Ended && IsFirst(settle, earlier)))
        {
            yield return Broken(settle, $"was done, though {later} was there");
        }
    }

    /// <summary>How attempts are counted; more than were seen are possible only where claims had no answer.</summary>
    private IEnumerable<Violation> Attempts()
    {
        foreach (var (earlier, later) in life.Neighbours)
        {
            var releases = earlier.Settles.Where(settle => settle.Verb == Verb.Release).ToArray();
            if (later.Job.Attempt < earlier.Job.Attempt + (releases.Any(release => release.Reply.MayHaveEffect) ? 0 : 1))
            {
                yield return Broken("S6", later, $"does not count the attempt of {earlier}");
            }

            if (later.Job.Attempt > earlier.Job.Attempt + (releases.Any(release => release.Reply.IsDone) ? 0 : 1) + Unseen(later))
            {
                yield return Broken("S6", later, $"counts attempts that nobody had since {earlier}");
            }
        }

        if (life.Grants is [var first, ..] && first.Job.Attempt > 1 + Unseen(first))
        {
            yield return Broken("S6", first, "counts attempts that nobody had");
        }

        if (life.Looks is [.., { Found: { State: "dead" } dead } look] && dead.Attempt != dead.MaxAttempts)
        {
            yield return new Violation("S6", life.Id, look.Ended, $"died with attempt {dead.Attempt} of {dead.MaxAttempts}");
        }
    }

    /// <summary>What happens with leases that have ended, and with jobs that have.</summary>
    private IEnumerable<Violation> Ended()
    {
        foreach (var grant in life.Grants.Where(grant => grant.IsLeaseEndKnown))
        {
            foreach (var settle in grant.Settles.Where(settle => settle.Reply.IsDone && IsFirst(settle, grant)))
            {
                var extended = grant.Settles.Where(extend => extend.Ended < settle.Ended).Select(extend => extend.Answer?.ExpiresAt ?? default);
                var end = extended.Append(grant.Job.Lease.ExpiresAt).Max();
                if (evidence.Time.IsSurelyPast(end, settle.Began))
                {
                    yield return Broken(settle, $"was done after its lease had ended, {end:HH:mm:ss.fff}");
                }
            }
        }

        foreach (var refused in life.Grants.SelectMany(grant => grant.Settles.Where(settle => settle.Reply.Status == 409 && IsLive(grant, settle))))
        {
            yield return Broken(refused, "was refused, though its lease was the live one");
        }

        var acks = life.Settles.Where(ack => ack is { Verb: Verb.Ack, Reply.IsDone: true }).ToArray();
        if (acks.DistinctBy(ack => ack.Fence).Count() > 1)
        {
            yield return new Violation("S9", life.Id, acks[^1].Ended, "was acked by two leases");
        }

        foreach (var cancel in life.Cancels.Where(cancel => cancel.Reply.IsDone && acks.Any(ack => ack.Ended < cancel.Began)))
        {
            yield return new Violation("S9", life.Id, cancel.Ended, "was cancelled after it was acked");
        }
    }

    /// <summary>Whether nothing before it can have done the same: a repeated ack is answered as the first one.</summary>
    private static bool IsFirst(Settle settle, Grant grant) =>
        settle.Verb != Verb.Ack || !grant.Settles.Any(other => other.Verb == Verb.Ack && other.Reply.MayHaveEffect && other.Began < settle.Began);

    /// <summary>Whether a lease can have ended neither by time nor by anybody when a call with it was answered.</summary>
    private bool IsLive(Grant grant, Settle settle) =>
        evidence.Time.IsSurelyAhead(grant.Job.Lease.ExpiresAt, settle.Ended)
        && !life.Cancels.Any(cancel => cancel.Reply.MayHaveEffect && cancel.Began < settle.Ended)
        && !grant.Settles.Any(other => other != settle && other.Verb != Verb.Extend && other.Reply.MayHaveEffect && other.Began < settle.Ended);

    private int Unseen(Grant before) => evidence.UnseenClaims.Count(claim => claim.Began < before.Ended);

    private Violation Broken(Settle settle, string what) => new("S5", life.Id, settle.Ended, $"{settle.Verb} by {settle.Fence} {what}");

    private Violation Broken(string promise, Grant grant, string what) => new(promise, life.Id, grant.Ended, $"{grant} {what}");
}
