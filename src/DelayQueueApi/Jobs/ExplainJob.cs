using System.Globalization;
using DelayQueueApi.Http;
using DelayQueueApi.Leases;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Jobs;

/// <summary>GET /jobs/{id}/explain</summary>
internal static class ExplainJob
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs) =>
        jobs.MapGet("/{id}/explain", HandleAsync)
            .Needs(Scope.Read)
            .WithName("ExplainJob")
            .WithSummary("Tell why a job is not running")
            .WithDescription("Waiting for its time, behind others, in a paused queue, held by a worker, or dead: in words and in numbers.")
            .ProducesProblems(StatusCodes.Status404NotFound);

    /// <param name="Id">The job.</param>
    /// <param name="State">Where it stands now.</param>
    /// <param name="Why">In words, for people.</param>
    /// <param name="RunAt">No worker gets it earlier.</param>
    /// <param name="JobsAhead">While scheduled or ready: how many jobs of its queue are claimed before it once it is due.</param>
    /// <param name="ClaimsWaiting">While scheduled or ready: how many claims wait for its queue at the instance that answers.</param>
    /// <param name="UnpolledMs">While scheduled or ready: for how long nobody has asked for jobs of its queue, at any instance, to some 5 s; not there where that is unknown or longer ago than the queue remembers.</param>
    /// <param name="Lease">Who works on it, while leased.</param>
    /// <param name="LastError">Why the last nacked attempt failed.</param>
    internal sealed record Response(
        string Id, JobState State, string Why, DateTimeOffset RunAt, long? JobsAhead = null, int? ClaimsWaiting = null, long? UnpolledMs = null, JobLease? Lease = null, JobError? LastError = null);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(JobId id, JobStore store, Wakeups wakeups)
    {
        if (await store.GetAsync(id) is not { } found)
        {
            return Problems.JobMissing();
        }

        var job = Job.From(found.Job, found.Now);
        if (job.State is not (JobState.Scheduled or JobState.Ready))
        {
            return TypedResults.Ok(new Response(job.Id, job.State, Why(job), job.RunAt, Lease: job.Lease, LastError: job.LastError));
        }

        var (ahead, paused, unasked) = await store.ExplainAsync(found.Job);
        var waiting = wakeups.CountWaiting(found.Job.StoredQueue);
        var why = Why(job, ahead, paused) + (job.State == JobState.Ready && waiting == 0 ? Unasked(unasked) : "");
        return TypedResults.Ok(new Response(job.Id, job.State, why, job.RunAt, ahead, waiting, (long?)unasked?.TotalMilliseconds, LastError: job.LastError));
    }

    private static string Why(Job job) => job.State switch
    {
        JobState.Completed => $"It was completed at {Instant(job.FinishedAt!.Value)}.",
        JobState.Expired => $"No worker had it within {job.TtlMs} ms of its run-at.",
        JobState.Dead => job.Attempt < job.MaxAttempts ? "A worker declared it dead." : $"It is dead: all {job.MaxAttempts} attempts have failed.",
        _ => $"{job.Lease!.Worker ?? "A worker"} holds it until {Instant(job.Lease.ExpiresAt)}{(job.CancelRequested == true ? ", and is told to stop" : "")}.",
    };

    private static string Unasked(TimeSpan? unasked) => unasked is { } time
        ? $" Nobody has asked for jobs of its queue for {(long)time.TotalSeconds} s."
        : " Nobody has asked for jobs of its queue.";

    private static string Why(Job job, long ahead, bool paused)
    {
        var time = (job.State, job.Failures) switch
        {
            (JobState.Scheduled, null) => $"It is not due before {Instant(job.RunAt)}.",
            (JobState.Scheduled, _) => $"Attempt {job.Attempt} of {job.MaxAttempts} has failed{LastError(job)}; it is tried again at {Instant(job.RunAt)}.",
            _ => "It is due.",
        };
        var others = ahead > 0 ? $" {ahead} jobs of its queue go before it." : "";
        return time + (paused ? " Its queue is paused." : "") + others;
    }

    private static string LastError(Job job) => job.LastError is { } error ? $" ({error.Type ?? error.Message})" : "";

    private static string Instant(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
