using System.ComponentModel.DataAnnotations;

namespace DelayQueueApi.Telemetry;

/// <summary>Section <c>Telemetry</c>. What goes out over OTLP is set by the standard OTEL_ variables.</summary>
internal sealed class TelemetryOptions
{
    /// <summary>Whether <c>/metrics</c> is served.</summary>
    public bool Prometheus { get; set; } = true;

    /// <summary>So many queues have metrics of their own; all others are told together.</summary>
    [Range(0, 10_000)]
    public int QueueLabels { get; set; } = 100;

    /// <summary>The store is asked for the counts of the queues at most so often, ms, however many ask for metrics.</summary>
    [Range(0, 600_000)]
    public int QueuesEveryMs { get; set; } = 5_000;
}
