using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Security;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>POST /queues/{queue}/purge</summary>
internal static class PurgeQueue
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapPost("/{queue}/purge", HandleAsync)
            .Needs(Scope.Admin)
            .WithName("PurgeQueue")
            .WithSummary("Delete a queue's jobs of one state")
            .WithDescription("Deletes, in small steps, the jobs that have the state when the call begins (of completed and expired ones as many); one that a worker claims before stays. " +
                "A call that is given up stops; send it again to go on. Dead jobs count as purged, scheduled and ready ones as cancelled.")
            .WithExample("""{ "state": "dead" }""")
            .ProducesProblems(StatusCodes.Status404NotFound);

    /// <param name="State">Which jobs to delete.</param>
    /// <param name="Ids">Only these, 1 to 1,000. One that has not this state in this queue is passed over.</param>
    internal sealed record Request(PurgedState State, [property: MinLength(1), MaxLength(Limits.MaxNamedJobs)] string[]? Ids = null);

    internal sealed class Validator : AbstractValidator<Request>
    {
        public Validator() => RuleFor(r => r.Ids).Must(ids => ids!.Length is > 0 and <= Limits.MaxNamedJobs && ids.All(id => id is not null))
            .When(r => r.Ids is not null).WithMessage($"must name 1 to {Limits.MaxNamedJobs} jobs");
    }

    /// <param name="Purged">How many jobs were deleted.</param>
    internal sealed record Response(long Purged);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        QueueName queue, JsonBody<Request> body, QueueStore store, CancellationToken client) =>
        !await store.IsThereAsync(queue) ? Problems.QueueMissing()
        : TypedResults.Ok(new Response(body.Value.Ids is { } ids
            ? await store.PurgeAsync(queue, body.Value.State, Array.ConvertAll(ids, id => new JobId(id)), client)
            : await store.PurgeAsync(queue, body.Value.State, client)));
}

/// <summary>dead: out of attempts. scheduled: before its run-at. ready: due, and no worker holds it. completed, expired: kept for their retention.</summary>
[JsonConverter(typeof(KebabCaseEnum<PurgedState>))]
internal enum PurgedState
{
    Dead,
    Scheduled,
    Ready,
    Completed,
    Expired,
}
