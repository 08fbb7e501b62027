using System.Diagnostics;
using DelayQueueApi.Http;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Jobs;

/// <summary>DELETE /jobs/{id}</summary>
internal static class CancelJob
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs) =>
        jobs.MapDelete("/{id}", HandleAsync)
            .Needs(Scope.Produce)
            .WithName("CancelJob")
            .WithSummary("Cancel a job that is not finished")
            .WithDescription("After a 204 no claim returns the job. Where a worker holds it, its next extend answers cancelRequested: true and its ack 409; " +
                "the job is gone once the worker lets go or the lease ends. With wait the answer comes then, or, where it takes longer, as 202.")
            .Produces(StatusCodes.Status202Accepted)
            .ProducesProblems(StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);

    private static async Task<Results<NoContent, Accepted, ProblemHttpResult>> HandleAsync(JobId id, string? wait, JobStore store, JobEnds ends, CancellationToken client)
    {
        if (QueryNumber.Read(wait, 0, Limits.MaxWaitMs, 0) is not { } waitMs)
        {
            return Problems.Invalid("wait", Limits.Between(0, Limits.MaxWaitMs));
        }

        switch (await store.CancelAsync(id))
        {
            case Cancelled.Done:
                return TypedResults.NoContent();
            case Cancelled.WorkerTold when waitMs > 0:
                return await StoreException.AfterEffectAsync(() => ends.WaitAsync(id, TimeSpan.FromMilliseconds(waitMs), client)) is null
                    ? TypedResults.NoContent()
                    : TypedResults.Accepted($"/jobs/{id}");
            case Cancelled.WorkerTold:
                return TypedResults.NoContent();
            case Cancelled.Missing:
                return Problems.JobMissing();
            case Cancelled.Finished:
                return Problems.JobFinished();
            case var other:
                throw new UnreachableException($"CancelJob.lua answered {other}.");
        }
    }
}
