using DelayQueueApi.Http;

namespace DelayQueueApi.Schedules;

internal static class ScheduleEndpoints
{
    public static IServiceCollection AddSchedules(this IServiceCollection services) => services
        .AddSingleton<ScheduleStore>()
        .AddSingleton<Scheduler>()
        .AddHostedService(provider => provider.GetRequiredService<Scheduler>());

    public static void MapSchedules(this IEndpointRouteBuilder app)
    {
        var schedules = app.MapGroup("/schedules").WithTags("Schedules").WithApiConventions();
        PutSchedule.Map(schedules);
        GetSchedule.Map(schedules);
        DeleteSchedule.Map(schedules);
        ListSchedules.Map(schedules);
        PauseSchedule.Map(schedules);
        ResumeSchedule.Map(schedules);
        TriggerSchedule.Map(schedules);
        NextInstants.Map(schedules);
    }
}
