using DelayQueueApi.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Jobs;

/// <summary>GET /jobs/{id}</summary>
internal static class GetJob
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs) =>
        jobs.MapGet("/{id}", HandleAsync)
            .WithName("GetJob")
            .WithSummary("Show a job")
            .WithDescription("A job that was acked, cancelled or purged is gone and answers 404.")
            .ProducesProblems(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<Job>, ProblemHttpResult>> HandleAsync(JobId id, JobStore store, HttpContext http)
    {
        if (await store.GetAsync(id) is not { } found)
        {
            return Problems.JobMissing();
        }

        http.Response.Headers.ETag = Etags.Of(found.Job);
        return TypedResults.Ok(Job.From(found.Job, found.Now));
    }
}
