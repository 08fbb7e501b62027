using System.Diagnostics;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Leases;

/// <summary>POST /jobs/{id}/ack</summary>
internal static class AckJob
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs) =>
        jobs.MapPost("/{id}/ack", HandleAsync)
            .WithName("AckJob")
            .WithSummary("Finish a leased job")
            .WithDescription("Repeating an ack is safe: it answers 204 again for a minute at least.")
            .WithExample("""{ "leaseToken": "from the claim" }""")
            .ProducesProblems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);

    /// <param name="LeaseToken">From the claim.</param>
    internal record Request(string LeaseToken);

    private static Task<Results<NoContent, ProblemHttpResult>> HandleAsync(JobId id, JsonBody<Request> body, LeaseRequests leases, LeaseStore store) =>
        RunAsync(id, body.Value, leases, store);

    public static async Task<Results<NoContent, ProblemHttpResult>> RunAsync(JobId id, Request request, LeaseRequests leases, LeaseStore store)
    {
        var (lease, problem) = await leases.FindAsync(id, request.LeaseToken);
        return lease is null ? problem! : await store.AckAsync(lease) switch
        {
            Settled.Done or Settled.Repeated => TypedResults.NoContent(),
            Settled.Missing => Problems.JobMissing(),
            Settled.Lost => Problems.LeaseLost(),
            Settled.Cancelled => Problems.JobCancelled(),
            var other => throw new UnreachableException($"AckJob.lua answered {other}."),
        };
    }
}
