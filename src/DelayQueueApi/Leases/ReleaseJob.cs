using System.Diagnostics;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Security;

namespace DelayQueueApi.Leases;

/// <summary>POST /jobs/{id}/release</summary>
internal static class ReleaseJob
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs)
    {
        var leases = jobs.ServiceProvider.GetRequiredService<LeaseRequests>();
        var store = jobs.ServiceProvider.GetRequiredService<LeaseStore>();
        return jobs.MapHotPost<Request>("/{id}/release", HandleAsync, (http, caller, body) => HandleAsync(JobId.In(http), body, caller, leases, store))
            .Needs(Scope.Consume)
            .WithName("ReleaseJob")
            .WithSummary("Give a leased job back unharmed")
            .WithDescription("For a worker that shuts down: the job is ready at once and the attempt does not count.")
            .WithExample("""{ "leaseToken": "from the claim" }""")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);
    }

    /// <param name="LeaseToken">From the claim.</param>
    internal sealed record Request(string LeaseToken);

    private static async Task<IResult> HandleAsync(
        JobId id, JsonBody<Request> body, Caller caller, LeaseRequests leases, LeaseStore store)
    {
        var (lease, problem) = await leases.FindAsync(id, body.Value.LeaseToken, caller);
        if (lease is null)
        {
            return problem!;
        }

        using var span = await leases.TraceAsync("release", id, lease);
        return await store.ReleaseAsync(lease) switch
        {
            Settled.Done => NoAnswer.Instance,
            Settled.Missing => Problems.JobMissing(),
            Settled.Lost => Problems.LeaseLost(),
            Settled.Cancelled => Problems.JobCancelled(),
            var other => throw new UnreachableException($"ReleaseJob.lua answered {other}."),
        };
    }
}
