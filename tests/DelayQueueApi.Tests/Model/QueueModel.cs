namespace DelayQueueApi.Tests.Model;

/// <summary>
/// What a queue promises, in plain memory: every call's answer as text. Jobs and leases are numbered in the order in which they
/// are made. A lease ends at its instant, whoever looks.
/// </summary>
internal sealed class QueueModel
{
    /// <summary>The backoff that every job is made with.</summary>
    public const int BackoffMs = 700;

    private readonly List<Job> jobs = [];
    private readonly List<Job> leases = [];
    private readonly Dictionary<int, int[]> claims = [];
    private readonly Dictionary<string, int> totals = [];
    private long now;
    private bool paused;

    public int Jobs => jobs.Count;

    public int Leases => leases.Count;

    private enum State
    {
        Pending,
        Leased,
        Dead,
        Gone,
    }

    public void Advance(int ms)
    {
        now += ms;
        foreach (var job in jobs.Where(job => job.State == State.Leased && job.LeaseEnd <= now))
        {
            Count("leasesExpired");
            job.Expiries++;
            if (job.Cancelled)
            {
                Count("cancelled");
                job.State = State.Gone;
            }
            else if (job.Attempt >= job.MaxAttempts)
            {
                Die(job);
            }
            else
            {
                (job.State, job.RunAt) = (State.Pending, job.LeaseEnd);
            }
        }
    }

    public string Schedule(int delayMs, int priority, int maxAttempts)
    {
        var job = new Job { Number = jobs.Count, RunAt = now + delayMs, Priority = priority, MaxAttempts = maxAttempts };
        jobs.Add(job);
        Count("created");
        return $"201 {Show(job)}";
    }

    /// <param name="claim">The claim's name; the same one again gets the same jobs.</param>
    public string Claim(int claim, int limit, int leaseMs)
    {
        var held = claims.GetValueOrDefault(claim, []).Where(lease => leases[lease].State == State.Leased && leases[lease].Lease == lease).ToArray();
        if (held.Length > 0)
        {
            return Show(held);
        }

        var due = jobs.Where(job => !paused && job.State == State.Pending && job.RunAt <= now)
            .OrderByDescending(job => job.Priority).ThenBy(job => job.RunAt).ThenBy(job => job.Number).Take(limit).ToArray();
        foreach (var job in due)
        {
            (job.State, job.Attempt, job.LeaseEnd, job.Lease) = (State.Leased, job.Attempt + 1, now + leaseMs, leases.Count);
            leases.Add(job);
            Count("claimed");
        }

        if (due.Length > 0)
        {
            claims[claim] = [.. due.Select(job => job.Lease)];
        }

        return Show(due.Select(job => job.Lease));
    }

    public string Ack(int lease) => Settle(lease, repeated: "204", job =>
    {
        Count("acked");
        Finish(job, cancelled: false);
        return "204";
    });

    public string Nack(int lease, int? delayMs, bool dead) => Settle(lease, repeated: "409 lease-lost", job =>
    {
        Count("nacked");
        job.Nacks++;
        if (dead || job.Attempt >= job.MaxAttempts)
        {
            Die(job);
            return "200 dead";
        }

        (job.State, job.RunAt) = (State.Pending, now + (delayMs ?? BackoffMs));
        return $"200 {(job.RunAt > now ? "scheduled" : "ready")} {job.RunAt}";
    });

    public string Release(int lease) => Settle(lease, repeated: "409 lease-lost", job =>
    {
        Count("released");
        (job.State, job.Attempt, job.Releases) = (State.Pending, job.Attempt - 1, job.Releases + 1);
        return "204";
    });

    public string Extend(int lease, int leaseMs)
    {
        var job = leases[lease];
        if (Lost(lease, "409 lease-lost") is { } why)
        {
            return why;
        }

        job.LeaseEnd = now + leaseMs;
        return $"200 {job.LeaseEnd} {job.Cancelled}";
    }

    public string Cancel(int number)
    {
        var job = jobs[number];
        switch (job.State)
        {
            case State.Gone:
                return "404 job-not-found";
            case State.Dead:
                return "409 job-finished";
            case State.Leased:
                job.Cancelled = true;
                return "204";
            default:
                Count("cancelled");
                job.State = State.Gone;
                return "204";
        }
    }

    public string Update(int number, int? delayMs, int? priority, int? maxAttempts)
    {
        var job = jobs[number];
        if (job.State == State.Gone)
        {
            return "404 job-not-found";
        }

        if (maxAttempts <= job.Attempt)
        {
            return "400 validation";
        }

        if (job.State != State.Pending)
        {
            return job.State == State.Leased ? "409 job-leased" : "409 job-finished";
        }

        job.RunAt = delayMs is { } delay ? now + delay : job.RunAt;
        (job.Priority, job.MaxAttempts) = (priority ?? job.Priority, maxAttempts ?? job.MaxAttempts);
        return $"200 {Show(job)}";
    }

    public string Pause(bool pause)
    {
        paused = pause;
        return "204";
    }

    public string Redrive()
    {
        var dead = jobs.Where(job => job.State == State.Dead).ToArray();
        foreach (var job in dead)
        {
            (job.State, job.Attempt, job.RunAt) = (State.Pending, 0, now);
            Count("redriven");
        }

        return $"200 {dead.Length}";
    }

    public string Purge(string state)
    {
        var purged = jobs.Where(job => state == "dead" ? job.State == State.Dead : job.State == State.Pending && job.RunAt > now == (state == "scheduled")).ToArray();
        foreach (var job in purged)
        {
            job.State = State.Gone;
            Count(state == "dead" ? "purged" : "cancelled");
        }

        return $"200 {purged.Length}";
    }

    public string Get(int number) => jobs[number].State == State.Gone ? "404 job-not-found" : $"200 {Show(jobs[number])}";

    public string Counts()
    {
        var pending = jobs.Where(job => job.State == State.Pending).ToArray();
        return $"200 {pending.Count(job => job.RunAt > now)} {pending.Count(job => job.RunAt <= now)} {jobs.Count(job => job.State == State.Leased)} "
            + $"{jobs.Count(job => job.State == State.Dead)} "
            + string.Join(' ', ((string[])["created", "claimed", "acked", "nacked", "leasesExpired", "released", "cancelled", "expired", "died", "redriven", "purged"])
                .Select(what => totals.GetValueOrDefault(what)));
    }

    private string Settle(int lease, string repeated, Func<Job, string> settle)
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

        Count("cancelled");
        Finish(job, cancelled: true);
        return "409 job-cancelled";
    }

    /// <returns>Why the lease settles nothing, or null.</returns>
    private string? Lost(int lease, string repeated)
    {
        var job = leases[lease];
        if (job.State == State.Gone)
        {
            return job.FinishedBy is not { } by ? "404 job-not-found" : by != lease ? "409 lease-lost" : job.Cancelled ? "409 job-cancelled" : repeated;
        }

        return job.State == State.Leased && job.Lease == lease ? null : "409 lease-lost";
    }

    private static void Finish(Job job, bool cancelled) => (job.State, job.FinishedBy, job.Cancelled) = (State.Gone, job.Lease, cancelled);

    private void Die(Job job)
    {
        Count("died");
        job.State = State.Dead;
    }

    private void Count(string what) => totals[what] = totals.GetValueOrDefault(what) + 1;

    private string Show(IEnumerable<int> given) =>
        $"200 {string.Join(' ', given.Select(lease => $"j{leases[lease].Number}/{leases[lease].Attempt}+{now - leases[lease].RunAt}"))}";

    private string Show(Job job)
    {
        var state = job.State switch { State.Leased => "leased", State.Dead => "dead", _ => job.RunAt > now ? "scheduled" : "ready" };
        return $"j{job.Number} {state} p{job.Priority} {job.RunAt} {job.Attempt}/{job.MaxAttempts} {job.Nacks}-{job.Expiries}-{job.Releases}";
    }

    private sealed class Job
    {
        public required int Number { get; init; }

        public required long RunAt { get; set; }

        public required int Priority { get; set; }

        public required int MaxAttempts { get; set; }

        public State State { get; set; }

        public int Attempt { get; set; }

        public long LeaseEnd { get; set; }

        /// <summary>Number of its newest lease.</summary>
        public int Lease { get; set; } = -1;

        public bool Cancelled { get; set; }

        /// <summary>The lease by which it was acked, or let go after a cancel.</summary>
        public int? FinishedBy { get; set; }

        public int Nacks { get; set; }

        public int Expiries { get; set; }

        public int Releases { get; set; }
    }
}
