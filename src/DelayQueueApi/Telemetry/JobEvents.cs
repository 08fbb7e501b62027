using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Store;

namespace DelayQueueApi.Telemetry;

/// <summary>
/// What becomes of jobs by calls on this process: counted and timed (<see cref="JobMetrics"/>), and a line each in the log at Debug.
/// What should not happen stands there as a warning. Payloads, tokens and keys never do.
/// </summary>
internal sealed partial class JobEvents(JobMetrics metrics, ILogger<JobEvents> log)
{
    private const string None = "none", Pending = "pending", Leased = "leased", Dead = "dead", Gone = "gone";

    public void Made(IReadOnlyList<NewJob> jobs, IReadOnlyList<Scheduled> answers)
    {
        metrics.Made(jobs, answers);
        for (var i = 0; log.IsEnabled(LogLevel.Debug) && i < answers.Count; i++)
        {
            if (answers[i].Outcome == ScheduleOutcome.Made)
            {
                LogMoved(answers[i].Id, jobs[i].Queue.Short, None, Pending);
            }
        }
    }

    public void Claimed(IReadOnlyList<Claimed> answers)
    {
        metrics.Claimed(answers);
        if (log.IsEnabled(LogLevel.Debug))
        {
            foreach (var job in answers.SelectMany(answer => answer.Jobs))
            {
                LogMoved(job.Id, job.Queue.Short, Pending, Leased);
            }
        }
    }

    public void Acked(IReadOnlyList<Ack> acks, IReadOnlyList<Acked> answers)
    {
        for (var i = 0; i < answers.Count; i++)
        {
            Settled(acks[i].Lease, "ack", answers[i].Outcome == Leases.Settled.Done, answers[i].Outcome == Leases.Settled.Lost, Gone);
            if (answers[i].Made is { Count: > 0 } made)
            {
                Made(acks[i].Then, [.. made.Zip(answers[i].FollowUps, (outcome, id) => new Scheduled(outcome, id, default, default, 0))]);
            }
        }
    }

    public void Nacked(IReadOnlyList<Nack> nacks, IReadOnlyList<Nacked> answers)
    {
        for (var i = 0; i < answers.Count; i++)
        {
            var (lease, outcome) = (nacks[i].Lease, answers[i].Outcome);
            Settled(lease, "nack", outcome > NackOutcome.Missing, outcome == NackOutcome.Lost, outcome == NackOutcome.Dead ? Dead : Pending);
            if (outcome == NackOutcome.Dead)
            {
                LogDead(JobId.FromStored(lease.Partition.Number, lease.StoredId), lease.Token.Queue.Short, nacks[i].Dead ? "its worker says so" : "its last attempt has failed");
            }
        }
    }

    public void Released(IReadOnlyList<HeldLease> leases, IReadOnlyList<Settled> answers)
    {
        for (var i = 0; i < answers.Count; i++)
        {
            Settled(leases[i], "release", answers[i] == Leases.Settled.Done, answers[i] == Leases.Settled.Lost, Pending);
        }
    }

    public void Cancelled(JobRecord job, Cancelled outcome)
    {
        if (outcome == Jobs.Cancelled.Done)
        {
            LogMoved(job.Id, job.Queue.Short, Pending, Gone);
        }
    }

    /// <summary>What time alone has brought about. Where many leases end at once, a line tells of all in one queue.</summary>
    public void TimePassed(IReadOnlyList<Lapse> lapses)
    {
        foreach (var alike in lapses.GroupBy(lapse => (lapse.Queue, lapse.What)))
        {
            var (queue, what) = (alike.Key.Queue.Short, alike.Key.What);
            var ids = string.Join(", ", alike.Select(lapse => lapse.Id.Text));
            switch (what)
            {
                case Lapsed.LeaseEnded:
                    LogLeasesEnded(alike.Count(), queue, ids);
                    break;
                case Lapsed.LastLeaseEnded:
                    LogLastLeasesEnded(alike.Count(), queue, ids);
                    break;
                default:
                    LogGone(alike.Count(), queue, what, ids);
                    break;
            }
        }
    }

    private void Settled(HeldLease lease, string call, bool done, bool lost, string to)
    {
        if (lost)
        {
            LogLost(JobId.FromStored(lease.Partition.Number, lease.StoredId), lease.Token.Queue.Short, call);
        }

        if (done)
        {
            metrics.Settled(lease, call);
            if (log.IsEnabled(LogLevel.Debug))
            {
                LogMoved(JobId.FromStored(lease.Partition.Number, lease.StoredId), lease.Token.Queue.Short, Leased, to);
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "Job {Id} of {Queue}: {From} → {To}.")]
    private partial void LogMoved(JobId id, string queue, string from, string to);

    [LoggerMessage(LogLevel.Debug, "{Count} jobs of {Queue} are gone ({Why}): {Ids}.")]
    private partial void LogGone(int count, string queue, Lapsed why, string ids);

    [LoggerMessage(LogLevel.Warning, "The leases of {Count} jobs of {Queue} have ended before their workers settled them; they are tried again: {Ids}.")]
    private partial void LogLeasesEnded(int count, string queue, string ids);

    [LoggerMessage(LogLevel.Warning, "{Count} jobs of {Queue} are dead, since the leases of their last attempts have ended: {Ids}.")]
    private partial void LogLastLeasesEnded(int count, string queue, string ids);

    [LoggerMessage(LogLevel.Warning, "Job {Id} of {Queue} is dead: {Why}.")]
    private partial void LogDead(JobId id, string queue, string why);

    [LoggerMessage(LogLevel.Warning, "The {Call} of job {Id} of {Queue} came too late: its lease has ended, and another worker may have it.")]
    private partial void LogLost(JobId id, string queue, string call);
}
