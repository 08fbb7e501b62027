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
        var hot = app.MapGroup("/jobs").WithTags("Jobs").WithHotConventions();
        ScheduleJob.Map(hot);
        ScheduleJobs.Map(hot);

        var jobs = app.MapGroup("/jobs").WithTags("Jobs").WithApiConventions();
        ListJobs.Map(jobs);
        GetJob.Map(jobs);
        ExplainJob.Map(jobs);
        UpdateJob.Map(jobs);
        CancelJob.Map(jobs);
    }
}
