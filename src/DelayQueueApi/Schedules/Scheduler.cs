using DelayQueueApi.Jobs;
using DelayQueueApi.Store;

namespace DelayQueueApi.Schedules;

/// <summary>
/// Makes the jobs of schedules at their instants. It sleeps until the next one that it knows or the lookout tells. Any number of
/// instances may run it: the script makes an instant's job only where the schedule still stands at that instant.
/// </summary>
internal sealed partial class Scheduler(ScheduleStore store, JobStore jobs, JobLimits limits, TimeProvider time, ILogger<Scheduler> log) : StoreLoop(time, log)
{
    /// <summary>An instant that is later than this was missed.</summary>
    public static readonly TimeSpan MissedAfter = TimeSpan.FromSeconds(10);

    /// <summary>Fires every schedule whose instant has come.</summary>
    public override async Task<TimeSpan?> RunOnceAsync(CancellationToken stopping)
    {
        var broken = 0;
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            var due = await store.FindDueAsync(broken);
            if (due.Schedules.Count == 0)
            {
                return due.Wait;
            }

            var firings = new List<Firing>();
            foreach (var (name, record) in due.Schedules)
            {
                try
                {
                    firings.Add(await PlanAsync(name, record, due.Now));
                }
#pragma warning disable CA1031 // One schedule that cannot be read, as where its time zone is not known here, never holds up the others.
                catch (Exception error) when (error is not StoreException)
#pragma warning restore CA1031
                {
                    broken++;
                    LogUnreadable(Log, error, name.Short);
                }
            }

            if (firings.Count > 0)
            {
                var fired = await store.FireAsync(firings);
                LogFired(Log, fired.Count(outcome => outcome == Fired.MadeJob), fired.Length);
            }
        }
    }

    /// <summary>What is due now: the latest instant alone, where several have passed.</summary>
    private async Task<Firing> PlanAsync(ScheduleName name, ScheduleRecord record, DateTimeOffset now)
    {
        var definition = record.ReadDefinition();
        var recurrence = new Recurrence(definition, record.Anchor);
        var latest = recurrence.Latest(now);
        var instant = latest > record.Next ? latest.Value : record.Next!.Value;
        var missed = now - instant > MissedAfter;
        var overlap = definition.Overlap ?? Overlap.Allow;
        var last = overlap != Overlap.Allow && record.LastJob is { } id ? await jobs.GetAsync(id) : null;
        var job = ScheduleJob.NewJob(name.Namespace, definition.Job.ToRequest(name, instant), default, null, null, limits);
        var makesJob = !missed || definition.Misfire != Misfire.Skip;
        return new Firing(name, record, recurrence.After(now), makesJob ? await limits.CheckQuotasAsync(job) : job, makesJob, overlap, last?.Job.Queue);
    }

    [LoggerMessage(LogLevel.Debug, "{Made} jobs were made by {Count} schedules.")]
    private static partial void LogFired(ILogger log, int made, int count);

    [LoggerMessage(LogLevel.Error, "The schedule {Name} cannot be read here and does not fire.")]
    private static partial void LogUnreadable(ILogger log, Exception error, string name);
}
