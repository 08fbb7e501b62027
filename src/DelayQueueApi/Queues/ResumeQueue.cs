using DelayQueueApi.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>POST /queues/{queue}/resume</summary>
internal static class ResumeQueue
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapPost("/{queue}/resume", HandleAsync)
            .WithName("ResumeQueue")
            .WithSummary("Resume a paused queue")
            .WithDescription("Waiting claims get what is due at once. Resuming a queue that is not paused changes nothing.")
            .ProducesProblems(StatusCodes.Status400BadRequest);

    private static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(QueueName queue, QueueStore store)
    {
        if (!queue.IsValid)
        {
            return Problems.Invalid("queue", QueueName.Rule);
        }

        await store.ResumeAsync(queue);
        return TypedResults.NoContent();
    }
}
