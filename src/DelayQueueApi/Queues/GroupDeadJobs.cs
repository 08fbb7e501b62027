using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>GET /queues/{queue}/dead</summary>
internal static class GroupDeadJobs
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapGet("/{queue}/dead", HandleAsync)
            .Needs(Scope.Read)
            .WithName("GroupDeadJobs")
            .WithSummary("Tell what a queue's dead jobs died of")
            .WithDescription("Counts them by the type of their last error. It looks at up to lookAt of them, longest dead first; where there are more, the answer has a next: " +
                "ask again with it as cursor, and add the groups up. An answer has up to 100 groups; what has further types counts as others. " +
                "A redrive and GET /jobs take an errorType to mean one group.")
            .ProducesProblems(StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound);

    /// <param name="Dead">How many dead jobs the queue has.</param>
    /// <param name="LookedAt">How many of them this answer is about.</param>
    /// <param name="Groups">The groups, the largest first.</param>
    /// <param name="Others">How many have types that are in no group.</param>
    /// <param name="Next">The cursor with which to go on; not there where all were looked at.</param>
    internal sealed record Response(long Dead, long LookedAt, IReadOnlyList<DeadGroup> Groups, long Others, string? Next = null);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        QueueName queue, string? cursor, string? lookAt, QueueStore queues, DeadGroups groups, Partitions partitions, HttpContext http)
    {
        var check = new QueryCheck(http.Request.Query, ["cursor", "lookAt"]);
        var most = QueryNumber.Read(lookAt, 1, Limits.MaxDeadLookedAt, Limits.DefaultDeadLookedAt);
        check.That(most is not null, "lookAt", Limits.Between(1, Limits.MaxDeadLookedAt));
        var start = check.Cursor(cursor, text => JobCursor.Parse(text, queue, JobState.Dead, partitions.Count));
        if (check.Problem is { } problem)
        {
            return problem;
        }

        if (await queues.GetAsync(queue) is not { Dead: var dead })
        {
            return Problems.QueueMissing();
        }

        var found = await groups.ReadAsync(start ?? new JobCursor(queue, JobState.Dead, 0, 0, 0, null), most!.Value, http.RequestAborted);
        return TypedResults.Ok(new Response(dead, found.LookedAt, found.Groups, found.Others, found.Next?.ToString()));
    }
}
