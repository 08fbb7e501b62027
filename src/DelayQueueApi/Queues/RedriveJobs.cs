using System.ComponentModel.DataAnnotations;
using System.Text;
using DelayQueueApi.Http;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>POST /queues/{queue}/redrive</summary>
internal static class RedriveJobs
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapPost("/{queue}/redrive", HandleAsync)
            .WithName("RedriveJobs")
            .WithSummary("Give a queue's dead jobs new attempts")
            .WithDescription("Takes all dead jobs, or those that ids, errorType and limit leave, longest dead first. They are ready at once and their " +
                "attempts start at 1 again; failures and lastError stay, and fences go on rising. Jobs that die after the call has begun stay dead. " +
                "A call that is given up stops; send it again to go on. Without a body it takes all.")
            .WithExample("""{ "limit": 100 }""")
            .ProducesProblems(StatusCodes.Status404NotFound);

    /// <summary>Which dead jobs to redrive; all where nothing is said.</summary>
    /// <param name="Ids">Only these, 1 to 1,000. One that is not a dead job of this queue is passed over.</param>
    /// <param name="ErrorType">Only jobs whose lastError has this type.</param>
    /// <param name="Limit">At most so many.</param>
    internal sealed record Request(
        [property: MinLength(1), MaxLength(Limits.MaxRedriveIds)] string[]? Ids = null,
        [property: MinLength(1), MaxLength(Limits.MaxErrorTypeLength)] string? ErrorType = null,
        [property: Range(1, Limits.MaxRedrive)] int? Limit = null) : IMayBeAbsent;

    /// <param name="Redriven">How many jobs have new attempts.</param>
    internal sealed record Response(long Redriven);

    internal sealed class Validator : AbstractValidator<Request>
    {
        public Validator()
        {
            RuleFor(r => r.Ids).Must(ids => ids!.Length is > 0 and <= Limits.MaxRedriveIds && ids.All(id => id is not null))
                .When(r => r.Ids is not null).WithMessage($"must name 1 to {Limits.MaxRedriveIds} jobs");
            RuleFor(r => r.ErrorType).Must(type => type!.Length > 0 && Encoding.UTF8.GetByteCount(type) <= Limits.MaxErrorTypeLength && !type.Contains('\0'))
                .When(r => r.ErrorType is not null).WithMessage($"must have 1 to {Limits.MaxErrorTypeLength} bytes and no NUL");
            RuleFor(r => r.Limit).InclusiveBetween(1, Limits.MaxRedrive).WithMessage(Limits.Between(1, Limits.MaxRedrive));
        }
    }

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        QueueName queue, JsonBody<Request> body, QueueStore store, CancellationToken client)
    {
        if (!await store.IsThereAsync(queue))
        {
            return Problems.QueueMissing();
        }

        var (ids, errorType, limit) = body.Value;
        var redrive = new Redrive(queue, errorType ?? "", limit ?? int.MaxValue);
        return TypedResults.Ok(new Response(ids is null
            ? await store.RedriveAsync(redrive, client)
            : await store.RedriveAsync(redrive, Array.ConvertAll(ids, id => new Jobs.JobId(id)), client)));
    }
}
