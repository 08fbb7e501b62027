using System.Diagnostics;
using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>DELETE /queues/{queue}</summary>
internal static class DeleteQueue
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapDelete("/{queue}", HandleAsync)
            .Needs(Scope.Admin)
            .WithName("DeleteQueue")
            .WithSummary("Delete a queue with its settings and totals")
            .WithDescription("One that has scheduled, ready, leased or dead jobs is deleted with force=true only, and they with it: their workers' calls then answer 404. " +
                "Completed and expired jobs go either way. The first job of that name makes the queue anew.")
            .ProducesProblems(StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);

    private static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(QueueName queue, string? force, QueueStore store, CancellationToken client)
    {
        if (force is not (null or "true" or "false"))
        {
            return Problems.Invalid("force", "must be true or false");
        }

        return !queue.IsValid ? Problems.QueueMissing() : await store.DeleteAsync(queue, force == "true", client) switch
        {
            QueueDeleted.Done => TypedResults.NoContent(),
            QueueDeleted.Missing => Problems.QueueMissing(),
            QueueDeleted.NotEmpty => Problems.QueueNotEmpty(),
            var other => throw new UnreachableException($"DeleteQueue.lua answered {other}."),
        };
    }
}
