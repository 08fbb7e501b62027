using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Schedules;

/// <summary>POST /schedules/{name}/resume</summary>
internal static class ResumeSchedule
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder schedules) =>
        schedules.MapPost("/{name}/resume", HandleAsync)
            .Needs(Scope.Produce)
            .WithName("ResumeSchedule")
            .WithSummary("Let a paused schedule go on with its next instant")
            .WithDescription("Instants that passed while it was paused make no jobs. Resuming a schedule that is not paused changes nothing.")
            .ProducesProblems(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<Schedule>, ProblemHttpResult>> HandleAsync(ScheduleName name, Caller caller, ScheduleStore store, Scheduler scheduler)
    {
        if (!name.IsValid || await store.ChangeAsync(name, caller, Resume) is not { After: { } after })
        {
            return Problems.ScheduleMissing();
        }

        scheduler.Wake();
        return TypedResults.Ok(Schedule.From(name, after));
    }

    private static ScheduleRecord? Resume(ScheduleRecord? found, DateTimeOffset now) => found is { Paused: true }
        ? found with { Paused = false, Next = new Recurrence(found.ReadDefinition(), found.Anchor).After(now) }
        : found;
}
