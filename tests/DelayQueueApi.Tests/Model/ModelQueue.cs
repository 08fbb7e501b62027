namespace DelayQueueApi.Tests.Model;

/// <summary>
/// A queue of the model. What time brings about is there from its instant on, but it is done, and counted, when somebody notices:
/// <see cref="Reap"/> looks at all jobs, a call on one job at that one.
/// </summary>
internal sealed class ModelQueue
{
    private const int DefaultAttempts = 20;

    private readonly Dictionary<string, int> totals = [];

    public List<ModelJob> Jobs { get; } = [];

    public long Now { get; set; }

    public bool IsThere { get; set; }

    public bool IsPaused { get; set; }

    public QueueSpec Settings { get; set; } = new();

    public void Count(string what) => totals[what] = totals.GetValueOrDefault(what) + 1;

    public int Total(string what) => totals.GetValueOrDefault(what);

    public void Reap()
    {
        foreach (var job in Jobs)
        {
            Notice(job);
            if (job.State == ModelState.Dead && job.EndedAt + Settings.DeadRetentionMs <= Now)
            {
                Remove(job, "purged");
            }
        }
    }

    public void Notice(ModelJob job)
    {
        if (job.State == ModelState.Leased && job.LeaseEnd <= Now)
        {
            Count("leasesExpired");
            EndLease(job);
        }
        else if (job.StartBy <= Now)
        {
            Count("expired");
            Finish(job, ModelState.Expired, job.StartBy.Value);
        }
        else if (job.KeptUntil <= Now)
        {
            job.State = ModelState.Gone;
        }
    }

    public void Die(ModelJob job)
    {
        Count("died");
        (job.State, job.EndedAt) = (ModelState.Dead, Now);
    }

    /// <summary>Ends a job for good, at an instant: it is kept for its retention from now on, or gone.</summary>
    public void Finish(ModelJob job, ModelState state, long at, int? result = null)
    {
        if ((job.RetentionMs ?? Settings.RetentionMs ?? 0) is not 0 and var retention)
        {
            (job.State, job.EndedAt, job.KeptUntil, job.Result) = (state, at, Now + retention, result);
        }
        else
        {
            job.State = ModelState.Gone;
        }
    }

    public void Remove(ModelJob job, string counted)
    {
        Count(counted);
        job.State = ModelState.Gone;
    }

    /// <summary>The live job that keeps others of a key out.</summary>
    public ModelJob? HolderOf(string? key)
    {
        var holder = Jobs.SingleOrDefault(job => key is not null && job.Holds(key));
        if (holder is not null)
        {
            Notice(holder);
        }

        return holder?.Holds(key!) == true ? holder : null;
    }

    /// <summary>Makes all jobs that are asked for, or none.</summary>
    /// <param name="leaving">The job that is acked with it: it makes room, and lets go of its key.</param>
    /// <returns>The jobs made, or found in their place; or why there are none.</returns>
    public (List<(ModelJob Job, bool Made)> Jobs, string? Refusal) Make(IEnumerable<JobSpec> specs, ModelJob? leaving = null)
    {
        var plans = new List<(JobSpec Spec, ModelJob? Holder, bool Makes)>();
        var more = leaving is null ? 0 : -1;
        foreach (var spec in specs)
        {
            var holder = HolderOf(spec.Unique?.Key) is { } other && other != leaving ? other : null;
            var replaces = holder?.State == ModelState.Pending && spec.Unique!.OnConflict == "replace";
            if (holder is not null && !replaces)
            {
                if (spec.Unique!.OnConflict != "return")
                {
                    return ([], "409 unique-conflict");
                }

                plans.Add((spec, holder, false));
                continue;
            }

            more -= replaces ? 1 : 0;
            if (Jobs.Count(job => job.IsLive) + more >= Settings.MaxLength)
            {
                return ([], "429 queue-full");
            }

            more++;
            plans.Add((spec, holder, true));
        }

        return ([.. plans.Select(plan => (plan.Makes ? Make(plan.Spec, plan.Holder) : plan.Holder!, plan.Makes))], null);
    }

    private ModelJob Make(JobSpec spec, ModelJob? replaced)
    {
        if (replaced is not null)
        {
            Remove(replaced, "cancelled");
        }

        var job = new ModelJob(Jobs.Count, spec.Unique)
        {
            RunAt = Now + spec.DelayMs,
            Priority = spec.Priority,
            MaxAttempts = spec.MaxAttempts ?? Settings.MaxAttempts ?? DefaultAttempts,
            TtlMs = spec.TtlMs,
            RetentionMs = spec.RetentionMs,
        };
        Jobs.Add(job);
        Count("created");
        IsThere = true;
        return job;
    }

    /// <summary>Deletes the queue with all that it holds; its jobs' numbers stay taken.</summary>
    public void Delete()
    {
        foreach (var job in Jobs)
        {
            job.State = ModelState.Gone;
        }

        totals.Clear();
        (IsThere, IsPaused, Settings) = (false, false, new());
    }

    private void EndLease(ModelJob job)
    {
        if (job.Cancelled)
        {
            Remove(job, "cancelled");
            return;
        }

        job.Expiries++;
        job.EndAttempt("expired", job.LeaseEnd);
        if (job.Attempt >= job.MaxAttempts)
        {
            Die(job);
        }
        else
        {
            (job.State, job.RunAt) = (ModelState.Pending, job.LeaseEnd);
        }
    }
}
