using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>POST /queues/{queue}/pause and /queues/{queue}/resume</summary>
internal static class PauseQueue
{
    public static void Map(IEndpointRouteBuilder queues)
    {
        queues.MapPost("/{queue}/pause", (QueueName queue, QueueStore store, Quotas quotas) => SetAsync(queue, store, quotas, paused: true))
            .Needs(Scope.Admin)
            .WithName("PauseQueue")
            .WithSummary("Pause a queue: claims get nothing from it")
            .WithDescription("Jobs can still be put into it, and leased ones settled. A queue may be paused before its first job. Pausing a paused queue changes nothing.")
            .ProducesProblems(StatusCodes.Status400BadRequest, StatusCodes.Status429TooManyRequests);
        queues.MapPost("/{queue}/resume", (QueueName queue, QueueStore store, Quotas quotas) => SetAsync(queue, store, quotas, paused: false))
            .Needs(Scope.Admin)
            .WithName("ResumeQueue")
            .WithSummary("Resume a paused queue")
            .WithDescription("Waiting claims get what is due at once. Resuming a queue that is not paused changes nothing.")
            .ProducesProblems(StatusCodes.Status400BadRequest);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> SetAsync(QueueName queue, QueueStore store, Quotas quotas, bool paused)
    {
        if (!queue.IsValid)
        {
            return Problems.Invalid("queue", QueueName.Rule);
        }

        // Only a pause makes a queue.
        if (paused && await quotas.CheckAsync(queue) is { } over)
        {
            return Problems.QuotaExceeded(over);
        }

        await store.PauseAsync(queue, paused);
        return TypedResults.NoContent();
    }
}
