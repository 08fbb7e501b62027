using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Security;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Leases;

/// <summary>POST /jobs/{id}/nack</summary>
internal static class NackJob
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs)
    {
        var leases = jobs.ServiceProvider.GetRequiredService<LeaseRequests>();
        var store = jobs.ServiceProvider.GetRequiredService<LeaseStore>();
        return jobs.MapHotPost<Request>("/{id}/nack", HandleAsync, (http, caller, body) => HandleAsync(JobId.In(http), body, caller, leases, store))
            .Needs(Scope.Consume)
            .WithName("NackJob")
            .WithSummary("Give a leased job back as failed")
            .WithDescription("It runs again after delayMs, or after its backoff; it is dead after its last attempt, or at once where dead is true.")
            .WithExample("""{ "leaseToken": "from the claim", "error": "The mail server does not answer.", "errorType": "timeout" }""")
            .Produces<Response>()
            .ProducesProblems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);
    }

    /// <param name="LeaseToken">From the claim.</param>
    /// <param name="Error">What went wrong; up to 8 KiB.</param>
    /// <param name="ErrorType">Kind of error, for grouping.</param>
    /// <param name="DelayMs">Try again after so many ms, whatever the backoff says.</param>
    /// <param name="Dead">No further attempt.</param>
    internal record Request(
        string LeaseToken,
        string? Error = null,
        [property: MaxLength(Limits.MaxErrorTypeLength)] string? ErrorType = null,
        [property: Range(0, Limits.MaxDelayMs)] long? DelayMs = null,
        bool? Dead = null);

    /// <param name="State">scheduled, ready or dead.</param>
    /// <param name="RunAt">The next try, unless dead.</param>
    internal sealed record Response(JobState State, DateTimeOffset? RunAt = null);

    internal sealed class Validator : AbstractValidator<Request>
    {
        public Validator()
        {
            RuleFor(r => r.Error).Must(error => Encoding.UTF8.GetByteCount(error!) <= Limits.MaxErrorBytes && !error!.Contains('\0'))
                .When(r => r.Error is not null).WithMessage($"must have at most {Limits.MaxErrorBytes} bytes, and no NUL");
            RuleFor(r => r.ErrorType).Must(type => JobError.IsType(type!)).When(r => r.ErrorType is not null).WithMessage(JobError.TypeRule);
            RuleFor(r => r.DelayMs).InclusiveBetween(0, Limits.MaxDelayMs).WithMessage(Limits.Between(0, Limits.MaxDelayMs));
            RuleFor(r => r.DelayMs).Null().When(r => r.Dead == true).WithMessage("cannot be given together with dead");
        }
    }

    private static async Task<IResult> HandleAsync(JobId id, JsonBody<Request> body, Caller caller, LeaseRequests leases, LeaseStore store)
    {
        var (nack, problem) = await ReadAsync(id, body.Value, caller, leases);
        if (nack is null)
        {
            return problem!;
        }

        using var span = await leases.TraceAsync("nack", id, nack.Lease);
        return Answer(await store.NackAsync(nack));
    }

    /// <returns>What is asked of the store, or why nothing is.</returns>
    public static async ValueTask<(Nack? Nack, ProblemHttpResult? Problem)> ReadAsync(JobId id, Request request, Caller caller, LeaseRequests leases)
    {
        var (lease, problem) = await leases.FindAsync(id, request.LeaseToken, caller);
        return lease is null ? (null, problem)
            : (new Nack(lease, new JobError(request.Error, request.ErrorType), request.DelayMs, request.Dead == true), null);
    }

    public static IResult Answer(Nacked nacked) => nacked.Outcome switch
    {
        NackOutcome.Scheduled => Answer(JobState.Scheduled, nacked.At),
        NackOutcome.Ready => Answer(JobState.Ready, nacked.At),
        NackOutcome.Dead => Answer(JobState.Dead),
        NackOutcome.Missing => Problems.JobMissing(),
        NackOutcome.Lost => Problems.LeaseLost(),
        NackOutcome.Cancelled => Problems.JobCancelled(),
        var other => throw new UnreachableException($"NackJob.lua answered {other}."),
    };

    private static Answer<Response> Answer(JobState state, DateTimeOffset? runAt = null) => new(StatusCodes.Status200OK, new Response(state, runAt));
}

internal sealed record Nack(HeldLease Lease, JobError Error, long? DelayMs, bool Dead);

/// <param name="At">The next run-at, or the time of death.</param>
internal sealed record Nacked(NackOutcome Outcome, DateTimeOffset At);

/// <summary>As NackJob.lua answers.</summary>
internal enum NackOutcome
{
    Ready = 1,
    Dead = 2,
    Scheduled = 3,
    Missing = 0,
    Lost = -1,
    Cancelled = -2,
}
