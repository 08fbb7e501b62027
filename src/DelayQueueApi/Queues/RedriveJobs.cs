using System.ComponentModel.DataAnnotations;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Reaping;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>POST /queues/{queue}/redrive</summary>
internal static class RedriveJobs
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapPost("/{queue}/redrive", HandleAsync)
            .Needs(Scope.Admin)
            .WithName("RedriveJobs")
            .WithSummary("Give a queue's dead jobs new attempts")
            .WithDescription("Takes all dead jobs, or those that the filters leave, longest dead first. They are ready at once and their attempts start at 1 again; " +
                "history, failures and lastError stay, and fences go on rising. Jobs that die after the call has begun stay dead. " +
                "A call that is given up stops; send it again to go on. With ratePerSecond it goes on in the background: 202, and GET of the same address tells how far it is.")
            .WithExample("""{ "limit": 100 }""")
            .Produces<RedriveTask>(StatusCodes.Status202Accepted)
            .ProducesProblems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);

    /// <summary>Which dead jobs to redrive; all where nothing is said.</summary>
    /// <param name="Ids">Only these, 1 to 1,000. One that is not a dead job of this queue is passed over.</param>
    /// <param name="ErrorType">Only jobs whose lastError has this type; empty for those whose lastError has none.</param>
    /// <param name="DiedAfter">Only jobs that died at this instant or later.</param>
    /// <param name="DiedBefore">Only jobs that died before this instant.</param>
    /// <param name="Metadata">Only jobs that have these pairs among theirs.</param>
    /// <param name="Limit">At most so many. Not together with ratePerSecond where the service has more than one partition.</param>
    /// <param name="DryRun">Tell how many it would be, and change nothing.</param>
    /// <param name="RatePerSecond">So many a second, in the background. Not together with ids or dryRun.</param>
    internal sealed record Request(
        [property: MinLength(1), MaxLength(Limits.MaxNamedJobs)] string[]? Ids = null,
        [property: MaxLength(Limits.MaxErrorTypeLength)] string? ErrorType = null,
        DateTimeOffset? DiedAfter = null,
        DateTimeOffset? DiedBefore = null,
        Dictionary<string, string>? Metadata = null,
        [property: Range(1, Limits.MaxRedrive)] int? Limit = null,
        bool? DryRun = null,
        [property: Range(1, Limits.MaxRedrivesPerSecond)] int? RatePerSecond = null) : IMayBeAbsent;

    /// <param name="Matched">How many dead jobs were meant.</param>
    /// <param name="Redriven">How many of them have new attempts: none in a dry run; one stays dead while another job holds its unique key.</param>
    internal sealed record Response(long Matched, long Redriven);

    internal sealed class Validator : AbstractValidator<Request>
    {
        public Validator()
        {
            RuleFor(r => r.Ids).Must(ids => ids!.Length is > 0 and <= Limits.MaxNamedJobs && ids.All(id => id is not null))
                .When(r => r.Ids is not null).WithMessage($"must name 1 to {Limits.MaxNamedJobs} jobs");
            RuleFor(r => r.ErrorType).Must(type => JobError.IsType(type!)).When(r => r.ErrorType is not null).WithMessage(JobError.TypeRule);
            RuleFor(r => r.DiedBefore).GreaterThan(r => r.DiedAfter).When(r => r.DiedAfter is not null && r.DiedBefore is not null).WithMessage("must be after diedAfter");
            RuleFor(r => r.Metadata).Must(pairs => pairs!.Count is > 0 and <= Limits.MaxMetadataPairs && pairs.Values.All(value => value is not null))
                .When(r => r.Metadata is not null).WithMessage($"must be 1 to {Limits.MaxMetadataPairs} string pairs");
            RuleFor(r => r.Limit).InclusiveBetween(1, Limits.MaxRedrive).WithMessage(Limits.Between(1, Limits.MaxRedrive));
            RuleFor(r => r.RatePerSecond).InclusiveBetween(1, Limits.MaxRedrivesPerSecond).WithMessage(Limits.Between(1, Limits.MaxRedrivesPerSecond));
            RuleFor(r => r.RatePerSecond).Null().When(r => r.Ids is not null || r.DryRun == true).WithMessage("cannot be given together with ids or dryRun");
        }
    }

    private static async Task<Results<Ok<Response>, Accepted<RedriveTask>, ProblemHttpResult>> HandleAsync(
        QueueName queue, JsonBody<Request> body, QueueStore queues, RedriveStore store, Partitions partitions, Reaper reaper, CancellationToken client)
    {
        if (!await queues.IsThereAsync(queue))
        {
            return Problems.QueueMissing();
        }

        var request = body.Value;
        var filter = new RedriveFilter(
            request.ErrorType, request.DiedAfter?.ToUnixTimeMilliseconds() ?? 0, request.DiedBefore?.ToUnixTimeMilliseconds() ?? Limits.LastInstantMs,
            request.Metadata, request.Limit ?? int.MaxValue);
        if (request.RatePerSecond is { } rate)
        {
            if (request.Limit is not null && partitions.Count > 1)
            {
                return Problems.Invalid("limit", "cannot be given together with ratePerSecond where the service has more than one partition");
            }

            var task = await store.StartAsync(queue, filter, rate);
            reaper.Wake();
            return task is null ? Problems.RedriveRunning() : TypedResults.Accepted($"/queues/{queue}/redrive", task);
        }

        var done = request.Ids is { } ids
            ? await store.RedriveAsync(queue, filter, request.DryRun == true, Array.ConvertAll(ids, id => new JobId(id)), client)
            : await store.RedriveAsync(queue, filter, request.DryRun == true, client);
        return TypedResults.Ok(new Response(done.Matched, done.Jobs));
    }
}
