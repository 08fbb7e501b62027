using DelayQueueApi.Http;

namespace DelayQueueApi.Jobs;

internal static class JobEndpoints
{
    public static IServiceCollection AddJobs(this IServiceCollection services) => services
        .AddSingleton<JobStore>()
        .AddSingleton<JobLimits>()
        .AddSingleton<JobPages>()
        .AddSingleton<JobEnds>();

    public static void MapJobs(this IEndpointRouteBuilder app)
    {
        var jobs = app.MapGroup("/jobs").WithTags("Jobs").WithApiConventions();
        ScheduleJob.Map(jobs);
        ScheduleJobs.Map(jobs);
        ListJobs.Map(jobs);
        GetJob.Map(jobs);
        ExplainJob.Map(jobs);
        UpdateJob.Map(jobs);
        CancelJob.Map(jobs);
    }
}
