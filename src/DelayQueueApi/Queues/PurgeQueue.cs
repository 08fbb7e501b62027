using System.Text.Json.Serialization;
using DelayQueueApi.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>POST /queues/{queue}/purge</summary>
internal static class PurgeQueue
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapPost("/{queue}/purge", HandleAsync)
            .WithName("PurgeQueue")
            .WithSummary("Delete a queue's jobs of one state")
            .WithDescription("Deletes, in small steps, the jobs that have the state when the call begins; one that a worker claims before stays. " +
                "A call that is given up stops; send it again to go on. Dead jobs count as purged, the others as cancelled.")
            .WithExample("""{ "state": "dead" }""")
            .ProducesProblems(StatusCodes.Status404NotFound);

    /// <param name="State">Which jobs to delete: dead, scheduled or ready.</param>
    internal sealed record Request(PurgedState State);

    /// <param name="Purged">How many jobs were deleted.</param>
    internal sealed record Response(long Purged);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        QueueName queue, JsonBody<Request> body, QueueStore store, CancellationToken client) =>
        await store.IsThereAsync(queue)
            ? TypedResults.Ok(new Response(await store.PurgeAsync(queue, body.Value.State, client)))
            : Problems.QueueMissing();
}

/// <summary>dead: out of attempts. scheduled: before its run-at. ready: due, and no worker holds it.</summary>
[JsonConverter(typeof(KebabCaseEnum<PurgedState>))]
internal enum PurgedState
{
    Dead,
    Scheduled,
    Ready,
}
