using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>GET /queues/{queue}</summary>
internal static class GetQueue
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapGet("/{queue}", HandleAsync)
            .Needs(Scope.Read)
            .WithName("GetQueue")
            .WithSummary("Count a queue's jobs by state")
            .WithDescription("All numbers are of one instant: created = scheduled + ready + leased + dead + acked + cancelled + expired + purged, where the last four are totals.")
            .ProducesProblems(StatusCodes.Status404NotFound);

    /// <param name="Queue">The queue's name.</param>
    /// <param name="Paused">Whether claims get nothing from it.</param>
    /// <param name="Scheduled">Jobs before their run-at.</param>
    /// <param name="Ready">Jobs that a worker may claim.</param>
    /// <param name="Leased">Jobs that a worker holds.</param>
    /// <param name="Dead">Jobs that are out of attempts.</param>
    /// <param name="Completed">Acked jobs that are kept.</param>
    /// <param name="Expired">Expired jobs that are kept.</param>
    /// <param name="Totals">What has happened to the queue's jobs so far.</param>
    /// <param name="Rates">How often it happens, a second.</param>
    /// <param name="Workers">Who has asked for its jobs within the last 70 s, the newest first; up to 100.</param>
    /// <param name="Settings">What was set for it.</param>
    /// <param name="OldestReadyMs">How long the longest waiting ready job has been ready, ms.</param>
    /// <param name="NextRunAt">When the next scheduled job runs, where none is ready.</param>
    internal sealed record Response(
        string Queue, bool Paused, long Scheduled, long Ready, long Leased, long Dead, long Completed, long Expired, Totals Totals,
        QueueRates Rates, IReadOnlyList<SeenWorker> Workers, QueueSettings Settings,
        long? OldestReadyMs = null, DateTimeOffset? NextRunAt = null)
    {
        public static Response From(QueueCounts counts)
        {
            var late = counts.EarliestRunAt <= counts.Now;
            return new Response(
                counts.Queue.Text, counts.Paused, counts.Scheduled, counts.Ready, counts.Leased, counts.Dead, counts.Completed, counts.Expired,
                new Totals(
                    counts.Totals["created"], counts.Totals["claimed"], counts.Totals["acked"], counts.Totals["nacked"], counts.Totals["leasesExpired"],
                    counts.Totals["released"], counts.Totals["cancelled"], counts.Totals["expired"], counts.Totals["died"], counts.Totals["redriven"], counts.Totals["purged"]),
                counts.Rates, counts.Workers, counts.Settings,
                late ? (long)(counts.Now - counts.EarliestRunAt!.Value).TotalMilliseconds : null,
                late ? null : counts.EarliestRunAt);
        }
    }

    /// <param name="Created">Jobs made.</param>
    /// <param name="Claimed">Leases given.</param>
    /// <param name="Acked">Jobs finished.</param>
    /// <param name="Nacked">Attempts given back as failed.</param>
    /// <param name="LeasesExpired">Leases that ran out.</param>
    /// <param name="Released">Attempts given back unharmed.</param>
    /// <param name="Cancelled">Jobs cancelled, or purged before they were claimed.</param>
    /// <param name="Expired">Jobs that no worker had in time.</param>
    /// <param name="Died">Jobs that ran out of attempts.</param>
    /// <param name="Redriven">Dead jobs that were given new attempts.</param>
    /// <param name="Purged">Dead jobs that were deleted.</param>
    internal sealed record Totals(
        long Created, long Claimed, long Acked, long Nacked, long LeasesExpired, long Released, long Cancelled, long Expired, long Died, long Redriven, long Purged);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(QueueName queue, QueueStore store) =>
        await store.GetAsync(queue) is { } counts ? TypedResults.Ok(Response.From(counts)) : Problems.QueueMissing();
}
