using DelayQueueApi.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Schedules;

/// <summary>GET /schedules/{name}</summary>
internal static class GetSchedule
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder schedules) =>
        schedules.MapGet("/{name}", HandleAsync)
            .WithName("GetSchedule")
            .WithSummary("Show a schedule, its next instant, and the newest job that it made")
            .ProducesProblems(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<Schedule>, ProblemHttpResult>> HandleAsync(ScheduleName name, ScheduleStore store) =>
        name.IsValid && await store.GetAsync(name) is { Found: { } found } ? TypedResults.Ok(Schedule.From(name, found)) : Problems.ScheduleMissing();
}
