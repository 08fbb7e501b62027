using System.Diagnostics;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;

namespace DelayQueueApi.Leases;

/// <summary>
/// The span of a call that settles a lease, with a link to the span of the job's producer. The job may be gone afterwards, so it is read before, and nobody
/// waits for that: both travel on one connection, in order.
/// </summary>
internal sealed class SettleSpan : IAsyncDisposable
{
    private readonly Activity span;
    private readonly Task<(JobRecord Job, DateTimeOffset Now)?> job;

    private SettleSpan(Activity span, Task<(JobRecord Job, DateTimeOffset Now)?> job) => (this.span, this.job) = (span, job);

    /// <param name="call">ack, nack or release.</param>
    /// <returns>Null where the request is not traced.</returns>
    public static SettleSpan? Start(string call, JobId id, HeldLease lease, JobStore jobs) =>
        Spans.Settle(call, lease.Token.Queue.Text, id) is { } span ? new SettleSpan(span, jobs.GetAsync(id)) : null;

    public async ValueTask DisposeAsync()
    {
        try
        {
            span.LinkTo((await job)?.Job.Traceparent);
        }
        catch (StoreException)
        {
            // The call itself tells that the store is away.
        }

        span.Dispose();
    }
}
