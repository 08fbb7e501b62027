using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Security;
using FluentValidation;

namespace DelayQueueApi.Leases;

/// <summary>POST /jobs/{id}/extend</summary>
internal static class ExtendLease
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs)
    {
        var leases = jobs.ServiceProvider.GetRequiredService<LeaseRequests>();
        var store = jobs.ServiceProvider.GetRequiredService<LeaseStore>();
        return jobs.MapHotPost<Request>("/{id}/extend", HandleAsync, (http, caller, body) => HandleAsync(JobId.In(http), body, caller, leases, store))
            .Needs(Scope.Consume)
            .WithName("ExtendLease")
            .WithSummary("Hold a leased job longer")
            .WithDescription("The lease ends leaseMs from now. cancelRequested tells that somebody cancelled the job: stop, and let go of it.")
            .WithExample("""{ "leaseToken": "from the claim", "leaseMs": 60000 }""")
            .Produces<Response>()
            .ProducesProblems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);
    }

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

    private static async Task<IResult> HandleAsync(
        JobId id, JsonBody<Request> body, Caller caller, LeaseRequests leases, LeaseStore store)
    {
        var (lease, problem) = await leases.FindAsync(id, body.Value.LeaseToken, caller);
        if (lease is null)
        {
            return problem!;
        }

        var extended = await store.ExtendAsync(new Extension(lease, body.Value.LeaseMs));
        return extended.Outcome switch
        {
            ExtendOutcome.Done or ExtendOutcome.CancelRequested =>
                new Answer<Response>(StatusCodes.Status200OK, new Response(extended.ExpiresAt, CancelRequested: extended.Outcome == ExtendOutcome.CancelRequested)),
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
