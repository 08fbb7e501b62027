using System.Diagnostics.Metrics;
using DelayQueueApi.Store;

namespace DelayQueueApi.Telemetry;

/// <summary>What this process asks of the store, a script call at a time.</summary>
internal sealed class StoreMetrics
{
    private readonly Histogram<double> duration;
    private readonly Histogram<int> operations;
    private readonly Counter<long> errors;

    public StoreMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(Instruments.Meter);
        duration = meter.CreateHistogram("delayqueue.script.duration", "s", "Time from sending a script to its reply.", advice: Instruments.Short);
        operations = meter.CreateHistogram("delayqueue.script.operations", "{operation}", "Operations that share a script call.", advice: Instruments.Sizes);
        errors = meter.CreateCounter<long>("delayqueue.store.errors", "{error}", "Script calls that failed, by kind.");
    }

    /// <param name="script">Its name.</param>
    /// <param name="sharedBy">For how many operations it was.</param>
    /// <param name="started">Timestamp of <see cref="TimeProvider.System"/>.</param>
    public void Ran(string script, int sharedBy, long started)
    {
        if (duration.Enabled)
        {
            var tag = new KeyValuePair<string, object?>("script", script);
            duration.Record(TimeProvider.System.GetElapsedTime(started).TotalSeconds, tag);
            operations.Record(sharedBy, tag);
        }
    }

    public void Failed(StoreException error) =>
        errors.Add(1, new KeyValuePair<string, object?>("error.type", error.Kind), new KeyValuePair<string, object?>("applied", error.Applied == Applied.No ? "no" : "unknown"));
}
