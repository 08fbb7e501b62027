using System.Diagnostics.Metrics;
using DelayQueueApi.Events;
using DelayQueueApi.Leases;

namespace DelayQueueApi.Telemetry;

/// <summary>What the store tells of the queues, the same at every instance; and what waits in this process.</summary>
internal sealed class QueueMetrics
{
    private readonly QueueReadings readings;

    public QueueMetrics(IMeterFactory meters, QueueReadings readings, WaitingClaims claims, EventFeed feed)
    {
        this.readings = readings;
        var meter = meters.Create(Instruments.Meter);
        meter.CreateObservableGauge("delayqueue.store.up", Up, null, "1 where the store has answered at the last reading, else 0.");
        meter.CreateObservableGauge("delayqueue.store.memory.used", () => Store(read => read.Memory.Used), "By", "Memory that the store uses.");
        meter.CreateObservableGauge("delayqueue.store.memory.limit", () => Store(read => read.Memory.Limit), "By", "The most that it may use.");
        meter.CreateObservableGauge("delayqueue.queues", () => Store(read => read.Queues), "{queue}", "Queues.");
        meter.CreateObservableGauge("delayqueue.queue.depth", () => Labels(Depths), "{job}", "Jobs by state.");
        meter.CreateObservableGauge("delayqueue.queue.oldest_ready", () => Labels(OldestReady), "s", "For how long the longest waiting job is ready.");
        meter.CreateObservableGauge("delayqueue.queue.paused", () => Labels(Paused), "{queue}", "Queues that are paused.");
        meter.CreateObservableCounter("delayqueue.queue.events", () => Labels(Events), "{event}", "What has happened to jobs.");
        meter.CreateObservableUpDownCounter("delayqueue.claims.waiting", () => claims.Waiting, "{claim}", "Claims that wait for a job at this instance.");
        meter.CreateObservableUpDownCounter("delayqueue.events.readers", () => feed.Readers, "{reader}", "Those who read events of this instance.");
    }

    /// <summary>
    /// It is asked first, and reads for all. A scrape has had that done before it asks; an export over OTLP has not, but comes on a thread of its own, which may wait.
    /// </summary>
    private int Up()
    {
        readings.RefreshAsync().GetAwaiter().GetResult();
        return readings.Current is null ? 0 : 1;
    }

    private IEnumerable<Measurement<long>> Store(Func<QueueReading, long?> value) =>
        readings.Current is { } read && value(read) is { } number ? [new Measurement<long>(number)] : [];

    private IEnumerable<Measurement<T>> Labels<T>(Func<LabelTotals, IEnumerable<Measurement<T>>> tell)
        where T : struct => readings.Current?.Labels.SelectMany(tell) ?? [];

    private static IEnumerable<Measurement<long>> Depths(LabelTotals label) =>
        LabelTotals.States.Select((state, i) => new Measurement<long>(label.Depth[i], label.Label.Queue, new("state", state)));

    private static IEnumerable<Measurement<double>> OldestReady(LabelTotals label) => [new(label.OldestReady.TotalSeconds, label.Label.Queue)];

    private static IEnumerable<Measurement<long>> Paused(LabelTotals label) => [new(label.Paused, label.Label.Queue)];

    private static IEnumerable<Measurement<long>> Events(LabelTotals label) =>
        QueueTotals.Events.Select((each, i) => new Measurement<long>(label.Events[i], label.Label.Queue, new("event", each.Event)));
}
