using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Reaping;

/// <summary>
/// Time for workers after a failover. Meanwhile nobody could extend a lease, and what was extended last the new primary may not know; so
/// leases that it has, and that have ended or soon will, end only after the grace. That is done before anybody else works on the new primary.
/// </summary>
internal sealed partial class LeaseGrace(Partitions partitions, JobEvents events, IOptions<StoreOptions> options, TimeProvider time, ILogger<LeaseGrace> log)
{
    private readonly TimeSpan grace = TimeSpan.FromMilliseconds(options.Value.FailoverGraceMs);
    private long? refusedSince;
    private long runsUntil;

    /// <summary>True while workers may not yet have told of the leases that they hold.</summary>
    public bool IsRunning => time.GetTimestamp() < Volatile.Read(ref runsUntil);

    /// <param name="primary">The new one.</param>
    /// <exception cref="StoreException">It does not take writes yet; where it does not for as long as the grace, it gets none.</exception>
    public async Task GiveAsync(ScriptRunner primary)
    {
        var leases = 0;
        try
        {
            foreach (var partition in partitions.Where(_ => grace > TimeSpan.Zero))
            {
                leases += await new ReapStore(primary, events).ProlongAsync(partition, grace);
            }
        }
        catch (StoreException refusal) when (time.GetElapsedTime(refusedSince ??= time.GetTimestamp()) > grace)
        {
            LogNotGiven(refusal.Message);
        }

        refusedSince = null;
        Volatile.Write(ref runsUntil, time.GetTimestamp() + (long)(grace.TotalSeconds * time.TimestampFrequency));
        LogGiven(leases, grace);
    }

    [LoggerMessage(LogLevel.Information, "{Count} leases end only {Grace} after the failover.")]
    private partial void LogGiven(int count, TimeSpan grace);

    [LoggerMessage(LogLevel.Warning, "Leases have no grace after the failover. {Reason}")]
    private partial void LogNotGiven(string reason);
}
