using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Leases;

/// <summary>POST /jobs/{id}/extend</summary>
internal static class ExtendLease
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs) =>
        jobs.MapPost("/{id}/extend", HandleAsync)
            .WithName("ExtendLease")
            .WithSummary("Hold a leased job longer")
            .WithDescription("The lease ends leaseMs from now. cancelRequested tells that somebody cancelled the job: stop, and let go of it.")
            .WithExample("""{ "leaseToken": "from the claim", "leaseMs": 60000 }""")
            .ProducesProblems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);

    /// <param name="LeaseToken">From the claim.</param>
    /// <param name="LeaseMs">The lease's length from now on.</param>
    internal sealed record Request(string LeaseToken, [property: Range(Limits.MinLeaseMs, Limits.MaxLeaseMs)] int LeaseMs);

    /// <param name="ExpiresAt">The lease's new end.</param>
    /// <param name="CancelRequested">True where the job was cancelled while leased.</param>
    internal sealed record Response(DateTimeOffset ExpiresAt, bool CancelRequested);

    internal sealed class Validator : AbstractValidator<Request>
    {
        public Validator() => RuleFor(r => r.LeaseMs).InclusiveBetween(Limits.MinLeaseMs, Limits.MaxLeaseMs)
            .WithMessage(Limits.Between(Limits.MinLeaseMs, Limits.MaxLeaseMs));
    }

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        JobId id, JsonBody<Request> body, LeaseRequests leases, LeaseStore store)
    {
        var (lease, problem) = await leases.FindAsync(id, body.Value.LeaseToken);
        if (lease is null)
        {
            return problem!;
        }

        var extended = await store.ExtendAsync(new Extension(lease, body.Value.LeaseMs));
        return extended.Outcome switch
        {
            ExtendOutcome.Done => TypedResults.Ok(new Response(extended.ExpiresAt, CancelRequested: false)),
            ExtendOutcome.CancelRequested => TypedResults.Ok(new Response(extended.ExpiresAt, CancelRequested: true)),
            ExtendOutcome.Missing => Problems.JobMissing(),
            ExtendOutcome.Lost => Problems.LeaseLost(),
            ExtendOutcome.Cancelled => Problems.JobCancelled(),
            var other => throw new UnreachableException($"ExtendLease.lua answered {other}."),
        };
    }
}

internal sealed record Extension(HeldLease Lease, int LeaseMs);

internal sealed record Extended(ExtendOutcome Outcome, DateTimeOffset ExpiresAt);

/// <summary>As ExtendLease.lua answers.</summary>
internal enum ExtendOutcome
{
    Done = 1,
    CancelRequested = 2,
    Missing = 0,
    Lost = -1,
    Cancelled = -2,
}
