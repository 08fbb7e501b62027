using System.Text.RegularExpressions;
using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DelayQueueApi.Jobs;

/// <summary>GET /jobs/{id}</summary>
internal static partial class GetJob
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs) =>
        jobs.MapGet("/{id}", HandleAsync)
            .Needs(Scope.Read)
            .WithName("GetJob")
            .WithSummary("Show a job")
            .WithDescription("A job that was acked or has expired is shown for its retention, with its result; without one it is gone, as is one that was " +
                "cancelled or purged, and answers 404. With Prefer: wait=30 the answer comes once the job has ended, or after so many seconds, up to 60.")
            .ProducesProblems(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<Job>, ProblemHttpResult>> HandleAsync(
        JobId id, [FromHeader(Name = "Prefer")] string? prefer, JobStore store, JobEnds ends, HttpContext http)
    {
        var seconds = SecondsToWait(prefer);
        if (seconds > 0)
        {
            http.Response.Headers["Preference-Applied"] = $"wait={seconds}";
        }

        if ((seconds > 0 ? await ends.WaitAsync(id, TimeSpan.FromSeconds(seconds), http.RequestAborted) : await store.GetAsync(id)) is not var (job, now))
        {
            return Problems.JobMissing();
        }

        http.Response.Headers.ETag = Etags.Of(job);
        return TypedResults.Ok(Job.From(job, now));
    }

    /// <summary>RFC 7240: a preference that is not understood is passed over.</summary>
    private static int SecondsToWait(string? prefer) =>
        prefer is not null && Wait().Match(prefer) is { Success: true } wait ? Math.Min(int.Parse(wait.Groups["seconds"].ValueSpan), Limits.MaxWaitMs / 1000) : 0;

    [GeneratedRegex("""\A(?:(?:[^",]|"[^"]*")*,)*?\s*wait\s*=\s*(?:(?<seconds>[0-9]{1,9})|"(?<seconds>[0-9]{1,9})")\s*(?:[,;]|\z)""", RegexOptions.IgnoreCase)]
    private static partial Regex Wait();
}
