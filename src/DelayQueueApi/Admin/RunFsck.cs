using DelayQueueApi.Http;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Admin;

/// <summary>POST /admin/fsck</summary>
internal static class RunFsck
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder admin) =>
        admin.MapPost("/fsck", HandleAsync)
            .Needs(Scope.Operate, isAudited: true)
            .WithName("RunFsck")
            .WithSummary("Compare what lies in the store with itself, and repair it on demand")
            .WithDescription("Looks at all jobs, indexes, counts, keys and schedules in small steps, each atomic, while the service goes on; a million jobs take about half a minute. " +
                "Answers how many faults of each kind there are, with examples. Records that cannot be read are moved aside, never deleted. " +
                "A call that is given up stops; what is repaired by then stays so. Send it again to go on.")
            .WithExample("""{ "repair": false }""");

    /// <param name="Repair">True to repair what is found; false to change nothing, which is what is done without a body too.</param>
    internal sealed record Request(bool? Repair = null) : IMayBeAbsent;

    /// <param name="Jobs">How many jobs were looked at.</param>
    /// <param name="Queues">How many queues.</param>
    /// <param name="Schedules">How many schedules.</param>
    /// <param name="Found">How many faults there were in all.</param>
    /// <param name="Left">How many of them are still there.</param>
    /// <param name="Faults">By kind; none where the store is sound.</param>
    internal sealed record Response(long Jobs, long Queues, long Schedules, long Found, long Left, IReadOnlyList<FsckFault> Faults);

    private static async Task<Ok<Response>> HandleAsync(JsonBody<Request> body, Fsck fsck, CancellationToken client)
    {
        var report = await fsck.RunAsync(body.Value.Repair == true, client);
        return TypedResults.Ok(new Response(report.Jobs, report.Queues.Count, report.Schedules, report.Count, report.Left, [.. report.Faults]));
    }
}
