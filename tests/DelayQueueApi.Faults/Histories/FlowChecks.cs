namespace DelayQueueApi.Faults.Histories;

/// <summary>Whether jobs that are due come to those who ask, and come again once what was broken is mended.</summary>
internal sealed class FlowChecks(Evidence evidence)
{
    /// <summary>For a lease that ran out, µs.</summary>
    private const long Claimable = 250_000;

    /// <summary>For a claim that waits, where the hint of a new job is lost, µs; and what a busy machine adds.</summary>
    private const long Woken = 1_000_000 + 500_000;

    /// <summary>A machine may hold up a client, the service or the store on a job's way to its worker for so long, µs.</summary>
    private const long Held = 5_000_000;

    private const long Mended = 5_000_000;

    /// <summary>Claims without an answer may hold jobs for so long, µs.</summary>
    private const long Unseen = 20_000_000;

    public IEnumerable<Violation> Violations()
    {
        var due = evidence.Lives.Values.SelectMany(DueTimes).OrderBy(due => due.From).ToArray();
        return [.. InVain(due), .. Late(), .. Unmended()];
    }

    /// <summary>µs from the mending of a fault to the first job that a claim got; null where none did.</summary>
    public long? Recovery(Fault fault) =>
        evidence.Claims.Where(claim => claim.Grants.Count > 0 && claim.Ended > fault.Ended).Select(claim => (long?)(claim.Ended - fault.Ended)).Min();

    /// <summary>Claims that came back with nothing, though a job was due all the time.</summary>
    private IEnumerable<Violation> InVain(IReadOnlyList<DueTime> due)
    {
        foreach (var claim in evidence.Claims.Where(claim => claim.Reply.IsDone && claim.Grants.Count == 0))
        {
            var wait = claim.WaitMs > 0 ? Woken : 0;
            var missed = due.TakeWhile(job => job.From < claim.Began)
                .FirstOrDefault(job => job.Queue == claim.Queue && job.From + Math.Max(wait, job.Grace) < claim.Began && claim.Ended < job.Until);
            if (missed is not null)
            {
                yield return new Violation(missed.Grace > 0 ? "L2" : "L1", missed.Id, claim.Ended,
                    $"was due since {missed.From} µs, and a claim of client {claim.Trip.Client} that began {claim.Began} µs got nothing");
            }
        }
    }

    /// <summary>Jobs that came late to a claim that had waited for them, while nothing was broken.</summary>
    private IEnumerable<Violation> Late() =>
        from life in evidence.Lives.Values
        where life.PromisedAt < long.MaxValue && life.Made is not null
        from grant in life.Grants.Take(1)
        let due = evidence.Time.SurelyPast(life.Made!.RunAt)
        where grant.Job.Attempt == 1 && grant.Claim.WaitMs > 0 && grant.Began < due && grant.Began < life.PromisedAt
            && grant.Ended - Math.Max(due, life.PromisedAt) > Woken + Held && !IsTroubled(grant.Began, grant.Ended)
        select new Violation("L5", life.Id, grant.Ended, $"{grant} came {grant.Job.LateMs} ms late to a claim that waited");

    private IEnumerable<Violation> Unmended()
    {
        foreach (var fault in evidence.Faults.Where(fault => fault.Ended < long.MaxValue))
        {
            var next = evidence.Faults.Where(other => other.Began > fault.Ended).Select(other => other.Began).DefaultIfEmpty(long.MaxValue).Min();
            var limit = fault.Ended + Mended;
            if (next > limit && !(Recovery(fault) <= Mended) && evidence.Claims.Any(claim => claim.Began > limit))
            {
                yield return new Violation("L3", null, limit, $"no job came within 5 s after the end of: {fault.What}");
            }
        }
    }

    /// <summary>Spans in which a job was surely due and nobody can have had it.</summary>
    private IEnumerable<DueTime> DueTimes(Life life)
    {
        var queue = life.Made?.Queue ?? life.MadeBy?.Then?.Queue ?? "";
        var cancelled = life.Cancels.Where(cancel => cancel.Reply.MayHaveEffect).Select(cancel => cancel.Began).DefaultIfEmpty(long.MaxValue).Min();
        var starts = new List<(long From, long Grace, long Until)>();
        if (life.Made is { } made)
        {
            starts.Add((Math.Max(life.PromisedAt, evidence.Time.SurelyPast(made.RunAt)), 0, life.Grants.Count > 0 ? life.Grants[0].Began : long.MaxValue));
        }

        for (var i = 0; i < life.Grants.Count; i++)
        {
            var (grant, until) = (life.Grants[i], i + 1 < life.Grants.Count ? life.Grants[i + 1].Began : long.MaxValue);
            var ends = grant.Settles.Where(settle => settle.Verb != Verb.Extend && settle.Reply.MayHaveEffect).ToArray();
            if (ends.Length == 0 && grant.IsLeaseEndKnown && grant.Job.Attempt < grant.Job.MaxAttempts)
            {
                starts.Add((evidence.Time.SurelyPast(grant.LeaseEnd), Claimable, until));
            }
            else if (ends is [{ Reply.IsDone: true } end] && end.Verb is Verb.Nack or Verb.Release && end.Answer?.State != "dead")
            {
                starts.Add((Math.Max(end.Ended, evidence.Time.SurelyPast(end.Answer?.RunAt ?? grant.Job.RunAt)), 0, until));
            }
        }

        return starts.Select(start => new DueTime(life.Id, queue, start.From, Math.Min(start.Until, cancelled), start.Grace))
            .Where(due => due.From < due.Until && !evidence.UnseenClaims.Any(claim => claim.Began > due.From - Unseen && claim.Began < due.Until));
    }

    private bool IsTroubled(long began, long ended) => evidence.Faults.Any(fault => fault.Began < ended && fault.Ended + Mended > began);

    private sealed record DueTime(string Id, string Queue, long From, long Until, long Grace);
}
