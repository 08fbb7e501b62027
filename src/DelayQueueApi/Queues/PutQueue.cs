using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>PUT /queues/{queue}</summary>
internal static class PutQueue
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapPut("/{queue}", HandleAsync)
            .Needs(Scope.Admin)
            .WithName("PutQueue")
            .WithSummary("Set what holds for a queue")
            .WithDescription("Sets all settings: one that is not named is as if it had never been set, but for paused, which then stays as it is. They hold from now on, " +
                "for the jobs that are there too, but for maxAttempts, which a job gets when it is made. A queue need not have jobs.")
            .Produces<GetQueue.Response>(StatusCodes.Status200OK)
            .Produces<GetQueue.Response>(StatusCodes.Status201Created)
            .ProducesProblems(StatusCodes.Status404NotFound, StatusCodes.Status429TooManyRequests)
            .WithExample("""{ "leaseMs": 60000, "maxAttempts": 5, "retentionMs": 3600000 }""");

    /// <summary>The settings of a queue.</summary>
    internal sealed record Request(
        int? LeaseMs = null, int? MaxAttempts = null, Backoff? Backoff = null, long? RetentionMs = null, int? MaxLength = null,
        int? MaxRetained = null, long? DeadRetentionMs = null)
        : QueueSettings(LeaseMs, MaxAttempts, Backoff, RetentionMs, MaxLength, MaxRetained, DeadRetentionMs)
    {
        /// <summary>Whether claims get nothing from it.</summary>
        public bool? Paused { get; init; }
    }

    internal sealed class Validator : QueueSettingsValidator<Request>;

    private static async Task<Results<Ok<GetQueue.Response>, Created<GetQueue.Response>, ProblemHttpResult>> HandleAsync(QueueName queue, JsonBody<Request> body, QueueStore store, Quotas quotas)
    {
        if (!queue.IsValid)
        {
            return Problems.Invalid("queue", QueueName.Rule);
        }

        if (await quotas.CheckAsync(queue) is { } over)
        {
            return Problems.QuotaExceeded(over);
        }

        var made = await store.SetAsync(queue, body.Value, body.Value.Paused);
        if (await StoreException.AfterEffectAsync(() => store.GetAsync(queue)) is not { } counts)
        {
            // Somebody has deleted it at once.
            return Problems.QueueMissing();
        }

        var answer = GetQueue.Response.From(counts);
        return made ? TypedResults.Created($"/queues/{queue}", answer) : TypedResults.Ok(answer);
    }
}
