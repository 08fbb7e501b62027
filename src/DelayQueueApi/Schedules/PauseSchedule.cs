using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Schedules;

/// <summary>POST /schedules/{name}/pause</summary>
internal static class PauseSchedule
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder schedules) =>
        schedules.MapPost("/{name}/pause", HandleAsync)
            .Needs(Scope.Produce)
            .WithName("PauseSchedule")
            .WithSummary("Let a schedule make no jobs until it is resumed")
            .WithDescription("The jobs that it has made stay. Pausing a paused schedule changes nothing.")
            .ProducesProblems(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<Schedule>, ProblemHttpResult>> HandleAsync(ScheduleName name, Caller caller, ScheduleStore store) =>
        name.IsValid && await store.ChangeAsync(name, caller, (found, _) => Pause(found)) is { After: { } after }
            ? TypedResults.Ok(Schedule.From(name, after))
            : Problems.ScheduleMissing();

    private static ScheduleRecord? Pause(ScheduleRecord? found) => found is { Paused: false } ? found with { Paused = true, Next = null } : found;
}
