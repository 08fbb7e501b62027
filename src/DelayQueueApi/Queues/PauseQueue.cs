using DelayQueueApi.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>POST /queues/{queue}/pause</summary>
internal static class PauseQueue
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapPost("/{queue}/pause", HandleAsync)
            .WithName("PauseQueue")
            .WithSummary("Pause a queue: claims get nothing from it")
            .WithDescription("Jobs can still be put into it, and leased ones settled. A queue may be paused before its first job. Pausing a paused queue changes nothing.")
            .ProducesProblems(StatusCodes.Status400BadRequest);

    private static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(QueueName queue, QueueStore store)
    {
        if (!queue.IsValid)
        {
            return Problems.Invalid("queue", QueueName.Rule);
        }

        await store.PauseAsync(queue);
        return TypedResults.NoContent();
    }
}
