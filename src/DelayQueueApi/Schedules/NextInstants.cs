using System.Globalization;
using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Schedules;

/// <summary>GET /schedules/{name}/next</summary>
internal static class NextInstants
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder schedules) =>
        schedules.MapGet("/{name}/next", HandleAsync)
            .Needs(Scope.Read)
            .WithName("NextInstants")
            .WithSummary("Show the next instants of a schedule, in UTC and in its time zone")
            .WithDescription("Those from now on, also while it is paused; fewer than asked for where the schedule ends.")
            .ProducesProblems(StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound);

    /// <param name="TimeZone">The schedule's time zone.</param>
    /// <param name="Instants">The instants, earliest first.</param>
    internal sealed record Response(string TimeZone, IReadOnlyList<ScheduleInstant> Instants);

    /// <param name="At">The instant.</param>
    /// <param name="Local">The same in the schedule's time zone, with the offset that holds there at that time.</param>
    internal sealed record ScheduleInstant(DateTimeOffset At, string Local);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(ScheduleName name, string? count, Caller caller, ScheduleStore store)
    {
        if (QueryNumber.Read(count, 1, Limits.MaxInstants, Limits.DefaultInstants) is not { } most)
        {
            return Problems.Invalid("count", Limits.Between(1, Limits.MaxInstants));
        }

        if (!name.IsValid || await store.GetAsync(name, caller) is not { Found: { } found, Now: var now })
        {
            return Problems.ScheduleMissing();
        }

        var recurrence = new Recurrence(found.ReadDefinition(), found.Anchor);
        var instants = new List<ScheduleInstant>();
        for (var at = recurrence.After(now); at is { } instant && instants.Count < most; at = recurrence.After(instant))
        {
            var local = TimeZoneInfo.ConvertTime(instant, recurrence.Zone).ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture);
            instants.Add(new ScheduleInstant(instant, local));
        }

        return TypedResults.Ok(new Response(recurrence.Zone.Id, instants));
    }
}
