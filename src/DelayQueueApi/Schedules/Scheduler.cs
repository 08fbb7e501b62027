using DelayQueueApi.Jobs;
using DelayQueueApi.Store;

namespace DelayQueueApi.Schedules;

/// <summary>
/// Makes the jobs of schedules at their instants. Any number of instances may run it: the script makes an instant's job only
/// where the schedule still stands at that instant.
/// </summary>
internal sealed partial class Scheduler(ScheduleStore store, TimeProvider time, ILogger<Scheduler> log) : BackgroundService
{
    /// <summary>An instant that is later than this was missed.</summary>
    public static readonly TimeSpan MissedAfter = TimeSpan.FromSeconds(10);

    /// <summary>A schedule that was set by an instance which then stopped is found after so long.</summary>
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    private volatile TaskCompletionSource changed = NewSignal();

    /// <summary>A schedule may have an earlier next instant than the loop knows.</summary>
    public void Wake() => changed.TrySetResult();

    /// <summary>Fires every schedule whose instant has come.</summary>
    /// <returns>When to look again.</returns>
    public async Task<TimeSpan> RunOnceAsync(CancellationToken stopping)
    {
        var broken = 0;
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            var due = await store.FindDueAsync(broken);
            if (due.Schedules.Count == 0)
            {
                return due.Wait < LongestSleep ? due.Wait.Value : LongestSleep;
            }

            var firings = new List<Firing>();
            foreach (var (name, record) in due.Schedules)
            {
                try
                {
                    firings.Add(Plan(name, record, due.Now));
                }
#pragma warning disable CA1031 // One schedule that cannot be read, as where its time zone is not known here, never holds up the others.
                catch (Exception error)
#pragma warning restore CA1031
                {
                    broken++;
                    LogUnreadable(error, name.Text);
                }
            }

            if (firings.Count > 0)
            {
                var fired = await store.FireAsync(firings);
                LogFired(fired.Count(outcome => outcome == Fired.MadeJob), fired.Length);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            changed = NewSignal();
            TimeSpan sleep;
            try
            {
                sleep = await RunOnceAsync(stoppingToken);
            }
            catch (StoreException error)
            {
                LogFailed(error.Message);
                sleep = Backoff;
            }
#pragma warning disable CA1031 // A failure is logged and never ends the loop.
            catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
            {
                LogBroken(error);
                sleep = Backoff;
            }

            await changed.Task.WaitAsync(sleep, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What is due now: the latest instant alone, where several have passed.</summary>
    private static Firing Plan(ScheduleName name, ScheduleRecord record, DateTimeOffset now)
    {
        var definition = record.ReadDefinition();
        var recurrence = new Recurrence(definition, record.Anchor);
        var latest = recurrence.Latest(now);
        var instant = latest > record.Next ? latest.Value : record.Next!.Value;
        var missed = now - instant > MissedAfter;
        return new Firing(
            name, record, recurrence.After(now), ScheduleJob.NewJob(definition.Job.ToRequest(name, instant), default, null, null),
            MakesJob: !missed || definition.Misfire != Misfire.Skip, SkipsBusy: definition.Overlap == Overlap.Skip);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Debug, "{Made} jobs were made by {Count} schedules.")]
    private partial void LogFired(int made, int count);

    [LoggerMessage(LogLevel.Error, "The schedule {Name} cannot be read here and does not fire.")]
    private partial void LogUnreadable(Exception error, string name);

    [LoggerMessage(LogLevel.Warning, "The schedules could not be fired; they are tried again. {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(LogLevel.Error, "The scheduler failed; it tries again.")]
    private partial void LogBroken(Exception error);
}
