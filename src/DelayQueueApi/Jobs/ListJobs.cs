using System.Diagnostics.CodeAnalysis;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Jobs;

/// <summary>GET /jobs</summary>
internal static class ListJobs
{
    private static readonly Dictionary<string, JobState> States =
        Enum.GetValues<JobState>().ToDictionary(state => state.ToString().ToLowerInvariant());

    private const string MetadataPrefix = "metadata.";

    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs) =>
        jobs.MapGet("/", HandleAsync)
            .Needs(Scope.Read)
            .WithName("ListJobs")
            .WithSummary("List a queue's jobs of one state")
            .WithDescription("In order: scheduled and ready jobs by priority, run-at and id, as they are claimed; leased ones by the end of the lease; " +
                "dead ones by time of death, completed and expired ones by the instant until which they are kept. metadata.name=value leaves only jobs with that " +
                "pair, errorType those whose last error has that type. A page with next goes on: ask again with it as cursor. A page may be shorter than limit, or empty, where 8 MiB of jobs are out or 10,000 jobs were looked at.")
            .ProducesProblems(StatusCodes.Status400BadRequest);

    /// <param name="Jobs">The jobs, in order.</param>
    /// <param name="Next">The cursor of the next page; not there where the list has ended.</param>
    internal sealed record Response(IReadOnlyList<Job> Jobs, string? Next = null);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        string? queue, string? state, string? cursor, string? limit, string? errorType, Caller caller, JobPages pages, Partitions partitions, HttpContext http)
    {
        var name = caller.Queue(queue ?? "");
        var check = new QueryCheck(http.Request.Query, ["queue", "state", "cursor", "limit", "errorType"], MetadataPrefix)
            .That(queue is not null, "queue", "is required")
            .That(name.IsValid, "queue", QueueName.Rule)
            .That(state is not null, "state", "is required")
            .That(JobError.IsType(errorType ?? ""), "errorType", JobError.TypeRule)
            .That(IsState(state, out var of), "state", $"must be one of {string.Join(", ", States.Keys)}");
        var most = check.Limit(limit);
        var start = check.Cursor(cursor, text => JobCursor.Parse(text, name, of, partitions.Count)) ?? new JobCursor(name, of, 0, 0, 0, null);
        if (check.Problem is { } problem)
        {
            return problem;
        }

        if (!caller.Sees(name))
        {
            return Problems.Forbidden();
        }

        var pairs = http.Request.Query.Where(pair => pair.Key.StartsWith(MetadataPrefix, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[MetadataPrefix.Length..], pair => pair.Value[0]!);
        var (jobs, next) = await pages.ReadAsync(start, most, pairs, errorType, http.RequestAborted);
        return TypedResults.Ok(new Response(jobs, next?.ToString()));
    }

    private static bool IsState([NotNullWhen(true)] string? text, out JobState state)
    {
        state = default;
        return text is not null && States.TryGetValue(text, out state);
    }
}
