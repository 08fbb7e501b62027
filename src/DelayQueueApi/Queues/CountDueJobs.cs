using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>GET /queues/{queue}/due</summary>
internal static class CountDueJobs
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapGet("/{queue}/due", HandleAsync)
            .Needs(Scope.Read)
            .WithName("CountDueJobs")
            .WithSummary("Count a queue's scheduled jobs by when they are due")
            .WithDescription("The time from now on is divided into parts of the same length. What is due already is ready; what is due later than that is later. " +
                "Jobs that fail, or that are put into the queue from now on, come on top.")
            .ProducesProblems(StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound);

    /// <param name="Now">The store's clock, at which the first part begins.</param>
    /// <param name="Ready">Jobs that are due already and that no worker holds.</param>
    /// <param name="Buckets">The parts, in order.</param>
    /// <param name="Later">Scheduled jobs that are due after the last part.</param>
    /// <param name="Soonest">The scheduled jobs that are due next, up to 10.</param>
    internal sealed record Response(DateTimeOffset Now, long Ready, IReadOnlyList<DueBucket> Buckets, long Later, IReadOnlyList<DueJob> Soonest);

    /// <param name="Until">The end of the part, which belongs to it; it begins after the end of the one before.</param>
    /// <param name="Jobs">How many jobs are due in it.</param>
    internal sealed record DueBucket(DateTimeOffset Until, long Jobs);

    /// <param name="Id">The job.</param>
    /// <param name="RunAt">When it is due.</param>
    /// <param name="Priority">Of those that are due together, higher ones are claimed first.</param>
    internal sealed record DueJob(string Id, DateTimeOffset RunAt, int Priority);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        QueueName queue, string? withinMs, string? buckets, QueueStore queues, DueTimeline timeline, HttpContext http)
    {
        var within = QueryNumber.Read(withinMs, Limits.MinDueMs, Limits.MaxDueMs, Limits.DefaultDueMs);
        var parts = QueryNumber.Read(buckets, 1, Limits.MaxDueBuckets, Limits.DefaultDueBuckets);
        var check = new QueryCheck(http.Request.Query, ["withinMs", "buckets"])
            .That(within is not null, "withinMs", Limits.Between(Limits.MinDueMs, Limits.MaxDueMs))
            .That(parts is not null, "buckets", Limits.Between(1, Limits.MaxDueBuckets));
        return check.Problem is { } problem ? problem
            : !await queues.IsThereAsync(queue) ? Problems.QueueMissing()
            : TypedResults.Ok(await timeline.ReadAsync(queue, within!.Value, parts!.Value));
    }
}
