using System.Net;
using DelayQueueApi.Reaping;

namespace DelayQueueApi.Store;

/// <summary>
/// Under Sentinels, goes over to the primary that they name. It asks them twice a second: they tell of a change by a message too, which may
/// get lost, and a failover takes seconds.
/// </summary>
internal sealed partial class PrimaryFollower(StoreConnection connection, LeaseGrace grace, ScriptRunner scripts, TimeProvider time, ILogger<PrimaryFollower> log)
    : StoreLoop(time, log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    public override async Task<TimeSpan?> RunOnceAsync(CancellationToken stopping)
    {
        if (!connection.HasSentinels)
        {
            return null;
        }

        if (await connection.FollowAsync(database => grace.GiveAsync(scripts.On(database))) is { } primary)
        {
            LogFailover(Log, primary);
        }

        return Interval;
    }

    [LoggerMessage(LogLevel.Warning, "The Sentinels name another primary, {Primary}; what it had not got from the last one is lost.")]
    private static partial void LogFailover(ILogger log, EndPoint primary);
}
