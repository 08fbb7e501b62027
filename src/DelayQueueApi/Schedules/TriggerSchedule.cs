using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Security;

namespace DelayQueueApi.Schedules;

/// <summary>POST /schedules/{name}/trigger</summary>
internal static class TriggerSchedule
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder schedules) =>
        schedules.MapPost("/{name}/trigger", HandleAsync)
            .Needs(Scope.Produce)
            .WithName("TriggerSchedule")
            .WithSummary("Make a schedule's job now")
            .WithDescription("Also while it is paused, and whatever its overlap says. Its instants stay as they are. " +
                "200 is answered where another live job holds the unique key; it shows that job.")
            .Produces<Job>(StatusCodes.Status201Created)
            .Produces<Job>(StatusCodes.Status200OK)
            .ProducesProblems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status429TooManyRequests);

    private static async Task<IResult> HandleAsync(ScheduleName name, Caller caller, ScheduleStore schedules, JobStore jobs, JobLimits limits)
    {
        if (!name.IsValid || await schedules.GetAsync(name, caller) is not { Found: { } found, Now: var now })
        {
            return Problems.ScheduleMissing();
        }

        var request = found.ReadDefinition().Job.ToRequest(name, now);
        var job = ScheduleJob.NewJob(name.Namespace, request, default, null, null, limits);
        var made = await jobs.ScheduleAsync(await limits.CheckQuotasAsync(job));
        if (ScheduleJob.Refusal(made) is { } refusal)
        {
            return refusal;
        }

        return await ScheduleJob.AnswerAsync(request, job, made, jobs);
    }
}
