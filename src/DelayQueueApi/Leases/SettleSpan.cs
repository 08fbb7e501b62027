using System.Diagnostics;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;

namespace DelayQueueApi.Leases;

/// <summary>The span of a call that settles a lease, with a link to the span of the job's producer.</summary>
internal static class SettleSpan
{
    /// <param name="call">ack, nack or release.</param>
    /// <returns>To be disposed once the call is answered; null where the request is not traced.</returns>
    public static ValueTask<Activity?> StartAsync(string call, JobId id, HeldLease lease, JobStore jobs) =>
        // Not an async method: the span would be current in it alone.
        Spans.Settle(call, lease.Token.Queue, id) is { } span ? LinkAsync(span, id, jobs) : default;

    /// <summary>The job may be gone after the call, so it is read before. The call waits for that: where the store has to be given a script first, another may overtake it.</summary>
    private static async ValueTask<Activity?> LinkAsync(Activity span, JobId id, JobStore jobs)
    {
        try
        {
            span.LinkTo((await jobs.GetAsync(id))?.Job.Traceparent);
        }
        catch (StoreException)
        {
            // The call itself tells that the store is away.
        }

        return span;
    }
}
