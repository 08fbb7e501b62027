using System.ComponentModel.DataAnnotations;
using DelayQueueApi.Http;
using DelayQueueApi.Security;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DelayQueueApi.Jobs;

/// <summary>PATCH /jobs/{id}</summary>
internal static class UpdateJob
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs) =>
        jobs.MapPatch("/{id}", HandleAsync)
            .Needs(Scope.Produce)
            .WithName("UpdateJob")
            .WithSummary("Change a job that no worker holds")
            .WithDescription("Fields that are not named stay as they are. With If-Match the change is made only where the job is still what the ETag stands for.")
            .WithExample("""{ "delayMs": 60000 }""")
            .Produces<Job>()
            .ProducesProblems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status412PreconditionFailed, StatusCodes.Status429TooManyRequests);

    /// <summary>What to change.</summary>
    /// <param name="DelayMs">Run so many ms from now. Not together with runAt.</param>
    /// <param name="RunAt">Run at this instant (RFC 3339 with offset); the past means now. Not together with delayMs.</param>
    /// <param name="Priority">Higher first among the jobs that are due.</param>
    /// <param name="MaxAttempts">After so many failed attempts the job is dead; more than it has had.</param>
    /// <param name="LeaseMs">How long a worker may hold it before it is given to another.</param>
    /// <param name="Backoff">How long to wait after a failed attempt.</param>
    /// <param name="TtlMs">Where no worker has it within so many ms of its run-at, it expires.</param>
    /// <param name="RetentionMs">Keep it for so many ms once it is completed or expired; 0 for not at all.</param>
    /// <param name="Metadata">String pairs in place of all those that it has.</param>
    /// <param name="Payload">Any JSON value but null.</param>
    internal sealed record Request(
        [property: Range(0, Limits.MaxDelayMs)] long? DelayMs = null,
        DateTimeOffset? RunAt = null,
        [property: Range(Limits.MinPriority, Limits.MaxPriority)] int? Priority = null,
        [property: Range(1, Limits.MaxAttempts)] int? MaxAttempts = null,
        [property: Range(Limits.MinLeaseMs, Limits.MaxLeaseMs)] int? LeaseMs = null,
        Backoff? Backoff = null,
        [property: Range(1, Limits.MaxTtlMs)] long? TtlMs = null,
        [property: Range(0, Limits.MaxRetentionMs)] long? RetentionMs = null,
        Dictionary<string, string>? Metadata = null,
        RawJson? Payload = null) : IJobFields
    {
        /// <summary>True where the part of the record changes that is made here.</summary>
        internal bool ChangesBody => Backoff is not null || TtlMs is not null || RetentionMs is not null || Metadata is not null || Payload is not null;
    }

    internal sealed class Validator : JobFieldsValidator<Request>
    {
        public Validator() => RuleFor(r => r).Must(r => r != new Request()).OverridePropertyName("$").WithMessage("must name a field to change");
    }

    private static async Task<Results<Ok<Job>, ProblemHttpResult>> HandleAsync(
        JobId id, JsonBody<Request> body, [FromHeader(Name = "If-Match")] string? ifMatch, JobStore store, JobLimits limits, HttpContext http)
    {
        if (body.Value.Payload is { } payload && limits.CheckPayload(payload) is { } tooLarge)
        {
            return tooLarge;
        }

        // A job that is changed by another in between is read again, and the change made to what it is by then.
        while (true)
        {
            if (await store.GetAsync(id) is not { } found)
            {
                return Problems.JobMissing();
            }

            if (ifMatch is not null && !Etags.Match(ifMatch, found.Job))
            {
                return Problems.JobChanged();
            }

            if (body.Value.MaxAttempts <= found.Job.Attempt)
            {
                return Problems.Invalid("maxAttempts", $"must be more than the {found.Job.Attempt} attempts that the job has had");
            }

            if (body.Value.Payload is { } larger && await limits.CheckGrowthAsync(found.Job, larger) is { } noRoom)
            {
                return noRoom;
            }

            var updated = await store.UpdateAsync(found.Job, body.Value);
            switch (updated.Outcome)
            {
                case UpdateOutcome.Done:
                    http.Response.Headers.ETag = Etags.Of(updated.Job!);
                    return TypedResults.Ok(Job.From(updated.Job!, updated.Now));
                case UpdateOutcome.Leased:
                    return Problems.JobLeased();
                case UpdateOutcome.Finished:
                    return Problems.JobFinished();
            }
        }
    }
}
