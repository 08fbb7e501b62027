using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Schedules;

/// <summary>GET /schedules/{name}</summary>
internal static class GetSchedule
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder schedules) =>
        schedules.MapGet("/{name}", HandleAsync)
            .Needs(Scope.Read)
            .WithName("GetSchedule")
            .WithSummary("Show a schedule, its next instant, and the newest job that it made")
            .ProducesProblems(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<Schedule>, ProblemHttpResult>> HandleAsync(ScheduleName name, Caller caller, ScheduleStore store) =>
        name.IsValid && await store.GetAsync(name, caller) is { Found: { } found } ? TypedResults.Ok(Schedule.From(name, found)) : Problems.ScheduleMissing();
}
