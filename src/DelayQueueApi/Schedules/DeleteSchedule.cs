using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Schedules;

/// <summary>DELETE /schedules/{name}</summary>
internal static class DeleteSchedule
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder schedules) =>
        schedules.MapDelete("/{name}", HandleAsync)
            .Needs(Scope.Produce)
            .WithName("DeleteSchedule")
            .WithSummary("Delete a schedule")
            .WithDescription("After a 204 it makes no job. The jobs that it has made stay.")
            .ProducesProblems(StatusCodes.Status404NotFound);

    private static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(ScheduleName name, Caller caller, ScheduleStore store) =>
        name.IsValid && await store.ChangeAsync(name, caller, (_, _) => null) is { Before: not null } ? TypedResults.NoContent() : Problems.ScheduleMissing();
}
