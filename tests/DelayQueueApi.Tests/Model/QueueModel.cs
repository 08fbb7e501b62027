namespace DelayQueueApi.Tests.Model;

/// <summary>
/// What a queue promises, in plain memory: every call's answer as text. Jobs and leases are numbered in the order in which they
/// are made. A lease ends at its instant, whoever looks.
/// </summary>
internal sealed class QueueModel(ModelQueue queue)
{
    /// <summary>The backoff that every job is made with.</summary>
    public const int BackoffMs = 700;

    /// <summary>The totals in the order in which they are shown.</summary>
    public static readonly string[] Totals =
        ["created", "claimed", "acked", "nacked", "leasesExpired", "released", "cancelled", "expired", "died", "redriven", "purged"];

    private const int DefaultLeaseMs = 30_000;

    private readonly List<ModelJob> leases = [];
    private readonly Dictionary<int, int[]> claims = [];

    public int Jobs => queue.Jobs.Count;

    public int Leases => leases.Count;

    private long Now => queue.Now;

    public void Advance(int ms) => queue.Now += ms;

    public void Reap() => queue.Reap();

    public string Schedule(JobSpec spec) => queue.Make([spec]) switch
    {
        (_, { } refusal) => refusal,
        ([var (job, made)], _) => $"{(made ? 201 : 200)} {job.Show(Now)}",
        _ => throw new InvalidOperationException(),
    };

    /// <param name="claim">The claim's name; the same one again gets the same jobs.</param>
    /// <param name="leaseMs">Null for the queue's own.</param>
    public string Claim(int claim, int limit, int? leaseMs)
    {
        queue.Reap();
        var held = claims.GetValueOrDefault(claim, []).Where(lease => leases[lease].State == ModelState.Leased && leases[lease].Lease == lease).ToArray();
        if (held.Length == 0)
        {
            held = [.. queue.Jobs.Where(job => !queue.IsPaused && job.State == ModelState.Pending && job.RunAt <= Now)
                .OrderByDescending(job => job.Priority).ThenBy(job => job.RunAt).ThenBy(job => job.Number).Take(limit).Select(job => Lease(job, leaseMs))];
            claims[claim] = held;
        }

        return $"200 {string.Join(' ', held.Select(lease => leases[lease]).Select(job => $"j{job.Number}/{job.Attempt}+{Math.Min(job.Fence, Now) - job.RunAt} until {job.LeaseEnd}"))}";
    }

    public string Ack(int lease, int? result, JobSpec[] then)
    {
        var keys = then.Select(spec => spec.Unique?.Key).OfType<string>().ToArray();
        return keys.Distinct().Count() < keys.Length ? "400 validation" : Settle(lease, repeated: Answer, job =>
        {
            var (made, refusal) = queue.Make(then, leaving: job);
            if (refusal is not null)
            {
                return refusal;
            }

            queue.Count("acked");
            job.EndAttempt("acked", Now);
            (job.FinishedBy, job.FollowUps) = (lease, [.. made.Select(each => each.Job)]);
            queue.Finish(job, ModelState.Completed, queue.Now, result);
            return Answer(job);
        });

        static string Answer(ModelJob job) => job.FollowUps.Count == 0 ? "204" : $"200 {string.Join(' ', job.FollowUps.Select(each => $"j{each.Number}"))}";
    }

    public string Nack(int lease, int? delayMs, bool dead) => Settle(lease, repeated: _ => "409 lease-lost", job =>
    {
        queue.Count("nacked");
        job.Nacks++;
        job.EndAttempt("nacked", Now);
        if (dead || job.Attempt >= job.MaxAttempts)
        {
            queue.Die(job);
            return "200 dead";
        }

        (job.State, job.RunAt) = (ModelState.Pending, Now + (delayMs ?? BackoffMs));
        return $"200 {(job.RunAt > Now ? "scheduled" : "ready")} {job.RunAt}";
    });

    public string Release(int lease) => Settle(lease, repeated: _ => "409 lease-lost", job =>
    {
        queue.Count("released");
        job.EndAttempt("released", Now);
        (job.State, job.Attempt, job.Releases) = (ModelState.Pending, job.Attempt - 1, job.Releases + 1);
        return "204";
    });

    public string Extend(int lease, int leaseMs)
    {
        if (Lost(lease, _ => "409 lease-lost") is { } why)
        {
            return why;
        }

        leases[lease].LeaseEnd = Now + leaseMs;
        return $"200 {leases[lease].LeaseEnd} {leases[lease].Cancelled}";
    }

    public string Cancel(int number)
    {
        var job = queue.Jobs[number];
        if (Noticed(job) == ModelState.Gone)
        {
            return "404 job-not-found";
        }

        if (!job.IsLive)
        {
            return "409 job-finished";
        }

        if (job.State == ModelState.Leased)
        {
            job.Cancelled = true;
        }
        else
        {
            queue.Remove(job, "cancelled");
        }

        return "204";
    }

    public string Update(int number, int? delayMs, int? priority, int? maxAttempts, int? ttlMs)
    {
        var job = queue.Jobs[number];
        if (!job.IsGone(Now) && maxAttempts <= job.Attempt)
        {
            return "400 validation";
        }

        if (Noticed(job) is not ModelState.Pending and var state)
        {
            return state switch { ModelState.Gone => "404 job-not-found", ModelState.Leased => "409 job-leased", _ => "409 job-finished" };
        }

        job.RunAt = delayMs is { } delay ? Now + delay : job.RunAt;
        (job.Priority, job.MaxAttempts, job.TtlMs) = (priority ?? job.Priority, maxAttempts ?? job.MaxAttempts, ttlMs ?? job.TtlMs);
        return $"200 {job.Show(Now)}";
    }

    public string Get(int number) => queue.Jobs[number].IsGone(Now) ? "404 job-not-found" : $"200 {queue.Jobs[number].Show(Now)}";

    public string Put(QueueSpec settings)
    {
        var status = queue.IsThere ? 200 : 201;
        (queue.Settings, queue.IsThere) = (settings, true);
        return $"{status} {settings}";
    }

    public string Pause(bool pause)
    {
        (queue.IsPaused, queue.IsThere) = (pause, queue.IsThere || pause);
        return "204";
    }

    public string Redrive(int limit)
    {
        if (!queue.IsThere)
        {
            return "404 queue-not-found";
        }

        var dead = queue.Jobs.Where(job => job.State == ModelState.Dead).OrderBy(job => job.EndedAt).ThenBy(job => job.Number).Take(limit).ToArray();
        var redriven = 0;
        foreach (var job in dead.Where(job => queue.HolderOf(job.KeyUntilFinished) is null))
        {
            (job.State, job.Attempt, job.RunAt) = (ModelState.Pending, 0, Now);
            queue.Count("redriven");
            redriven++;
        }

        return $"200 {dead.Length} {redriven}";
    }

    public string Purge(string state)
    {
        if (!queue.IsThere)
        {
            return "404 queue-not-found";
        }

        var purged = queue.Jobs.Where(job => state == job.State switch
        {
            ModelState.Pending => job.RunAt > Now ? "scheduled" : "ready",
            ModelState.Dead => "dead",
            ModelState.Completed => "completed",
            ModelState.Expired => "expired",
            _ => "",
        }).ToArray();
        foreach (var job in purged)
        {
            switch (job.State)
            {
                case ModelState.Pending:
                    queue.Remove(job, "cancelled");
                    break;
                case ModelState.Dead:
                    queue.Remove(job, "purged");
                    break;
                default:
                    job.State = ModelState.Gone;
                    break;
            }
        }

        return $"200 {purged.Length}";
    }

    public string Delete(bool force)
    {
        if (!queue.IsThere)
        {
            return "404 queue-not-found";
        }

        if (!force && queue.Jobs.Any(job => job.IsLive || job.State == ModelState.Dead))
        {
            return "409 queue-not-empty";
        }

        queue.Delete();
        return "204";
    }

    public string Counts()
    {
        var (jobs, pending) = (queue.Jobs, queue.Jobs.Where(job => job.State == ModelState.Pending).ToArray());
        return !queue.IsThere ? "404 queue-not-found"
            : $"200 {pending.Count(job => job.RunAt > Now)} {pending.Count(job => job.RunAt <= Now)} "
            + string.Join(' ', ((ModelState[])[ModelState.Leased, ModelState.Dead, ModelState.Completed, ModelState.Expired]).Select(state => jobs.Count(job => job.State == state)))
            + $" {string.Join(' ', Totals.Select(queue.Total))} {queue.IsPaused} {queue.Settings}";
    }

    private int Lease(ModelJob job, int? leaseMs)
    {
        (job.State, job.Attempt, job.Lease) = (ModelState.Leased, job.Attempt + 1, leases.Count);
        job.Fence = Math.Max(Now, job.Fence + 1);
        job.LeaseEnd = Now + (leaseMs ?? queue.Settings.LeaseMs ?? DefaultLeaseMs);
        leases.Add(job);
        queue.Count("claimed");
        return job.Lease;
    }

    private ModelState Noticed(ModelJob job)
    {
        // Of a cancelled job whose lease has ended the call finds nothing that it could look at.
        if (job.IsGone(Now))
        {
            return ModelState.Gone;
        }

        queue.Notice(job);
        return job.State;
    }

    private string Settle(int lease, Func<ModelJob, string> repeated, Func<ModelJob, string> settle)
    {
        if (Lost(lease, repeated) is { } why)
        {
            return why;
        }

        var job = leases[lease];
        if (!job.Cancelled)
        {
            return settle(job);
        }

        job.FinishedBy = lease;
        queue.Remove(job, "cancelled");
        return "409 job-cancelled";
    }

    /// <returns>Why the lease settles nothing, or null.</returns>
    private string? Lost(int lease, Func<ModelJob, string> repeated)
    {
        var job = leases[lease];
        if (job.FinishedBy is { } by)
        {
            return by != lease ? "409 lease-lost" : job.Cancelled ? "409 job-cancelled" : repeated(job);
        }

        return job.IsGone(Now) ? "404 job-not-found"
            : job.State == ModelState.Leased && job.Lease == lease && job.LeaseEnd > Now ? null : "409 lease-lost";
    }
}
