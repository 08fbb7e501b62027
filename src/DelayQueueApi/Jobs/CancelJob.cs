using System.Diagnostics;
using DelayQueueApi.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Jobs;

/// <summary>DELETE /jobs/{id}</summary>
internal static class CancelJob
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs) =>
        jobs.MapDelete("/{id}", HandleAsync)
            .WithName("CancelJob")
            .WithSummary("Cancel a job that is not finished")
            .WithDescription("After a 204 no claim returns the job. Where a worker holds it, its next extend answers cancelRequested: true and its ack 409; " +
                "the job is gone once the worker lets go or the lease ends.")
            .ProducesProblems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);

    private static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(JobId id, JobStore store) =>
        await store.CancelAsync(id) switch
        {
            Cancelled.Done or Cancelled.WorkerTold => TypedResults.NoContent(),
            Cancelled.Missing => Problems.JobMissing(),
            Cancelled.Finished => Problems.JobFinished(),
            var other => throw new UnreachableException($"CancelJob.lua answered {other}."),
        };
}
