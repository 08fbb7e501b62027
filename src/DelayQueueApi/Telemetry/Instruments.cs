using System.Diagnostics.Metrics;

namespace DelayQueueApi.Telemetry;

/// <summary>What all instruments share. docs/metrics.md lists them.</summary>
internal static class Instruments
{
    /// <summary>The name of the meter.</summary>
    public const string Meter = "DelayQueueApi";

    /// <summary>Bounds for what takes milliseconds, s.</summary>
    public static readonly InstrumentAdvice<double> Short =
        new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1] };

    /// <summary>Bounds for what takes milliseconds where all is well and hours where it is not, s.</summary>
    public static readonly InstrumentAdvice<double> Long =
        new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] };

    /// <summary>Bounds for numbers of operations.</summary>
    public static readonly InstrumentAdvice<int> Sizes = new() { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100] };
}
