namespace DelayQueueApi.Tests.Model;

/// <summary>A schedule that an operator puts. Instants are ms from the beginning of the test.</summary>
/// <param name="Misfire">once or skip.</param>
/// <param name="Overlap">allow, skip or replace.</param>
internal sealed record ScheduleSpec(int IntervalMs, int? Start, int? End, string Misfire, string Overlap, JobSpec Job)
{
    public bool HasTimesOf(ScheduleSpec other) => (IntervalMs, Start, End) == (other.IntervalMs, other.Start, other.End);

    public override string ToString() => $"each {IntervalMs} from {Start} to {End}, misfire {Misfire}, overlap {Overlap}: {Job}";
}

/// <summary>What a schedule promises, in plain memory: which jobs it makes in its queue, with which run-at, and what is shown of it.</summary>
internal sealed class ScheduleModel(ModelQueue queue)
{
    private const int MissedAfterMs = 10_000;

    private ScheduleSpec? spec;
    private bool paused;
    private long setAt;
    private long? next;
    private long? lastAt;
    private ModelJob? last;

    public string Put(ScheduleSpec put)
    {
        if (put.End < put.Start)
        {
            return "400 validation";
        }

        var before = spec;
        spec = put;
        if (before is null || !put.HasTimesOf(before))
        {
            setAt = queue.Now;
            next = paused ? null : Next();
        }

        return $"{(before is null ? 201 : 200)} {Show()}";
    }

    public string Pause()
    {
        (paused, next) = (spec is not null, null);
        return Get();
    }

    public string Resume()
    {
        if (paused)
        {
            (paused, next) = (false, Next());
        }

        return Get();
    }

    public string Delete()
    {
        var answer = spec is null ? Missing : "204";
        (spec, paused, next, lastAt, last) = (null, false, null, null, null);
        return answer;
    }

    public string Trigger() => spec is null ? Missing : queue.Make([spec.Job with { DelayMs = 0 }]) switch
    {
        (_, { } refusal) => refusal,
        ([var (job, made)], _) => $"{(made ? 201 : 200)} {job.Show(queue.Now)}",
        _ => throw new InvalidOperationException(),
    };

    public string Get() => spec is null ? Missing : $"200 {Show()}";

    /// <summary>Of the instants that have come since it fired last, the newest one makes its job, or none does.</summary>
    public void Fire()
    {
        if (!(next <= queue.Now))
        {
            return;
        }

        var instant = Instants().TakeWhile(at => at <= queue.Now).Last();
        next = Next();
        if (spec!.Misfire == "once" || queue.Now - instant <= MissedAfterMs)
        {
            MakeJob(instant);
        }
    }

    private const string Missing = "404 schedule-not-found";

    private void MakeJob(long instant)
    {
        ModelJob? before = null;
        if (spec!.Overlap != "allow" && last is not null)
        {
            queue.Notice(last);
            before = last.IsLive ? last : null;
        }

        if (before is not null && spec.Overlap == "skip")
        {
            return;
        }

        // One that a worker holds takes its room, and its unique key, until the worker lets go.
        var (made, _) = queue.Make([spec.Job with { DelayMs = (int)(instant - queue.Now) }], leaving: before?.State == ModelState.Pending ? before : null);
        if (made is not [(var job, true)])
        {
            return;
        }

        if (before?.State == ModelState.Pending)
        {
            queue.Remove(before, "cancelled");
        }
        else if (before is not null)
        {
            before.Cancelled = true;
        }

        (lastAt, last) = (instant, job);
    }

    private long? Next() => Instants().SkipWhile(at => at <= queue.Now).Select(at => (long?)at).FirstOrDefault();

    private IEnumerable<long> Instants()
    {
        for (var at = spec!.Start ?? setAt; at <= (spec.End ?? long.MaxValue); at += spec.IntervalMs)
        {
            yield return at;
        }
    }

    private string Show() => $"next {next} last {lastAt} j{last?.Number} {paused} {spec!.Misfire} {spec.Overlap}";
}
