using DelayQueueApi.Http;

namespace DelayQueueApi.Leases;

internal static class LeaseEndpoints
{
    public static IServiceCollection AddLeases(this IServiceCollection services) => services
        .AddSingleton<ClaimStore>()
        .AddSingleton<LeaseStore>()
        .AddSingleton<LeaseRequests>()
        .AddSingleton<FollowUps>()
        .AddSingleton<WorkersSeen>()
        .AddSingleton<WaitingClaims>()
        .AddSingleton<WakeupHints>()
        .AddSingleton<Wakeups>();

    public static void MapLeases(this IEndpointRouteBuilder app)
    {
        var jobs = app.MapGroup("/jobs").WithTags("Leases").WithHotConventions();
        ClaimJobs.Map(jobs);
        AckJob.Map(jobs);
        NackJob.Map(jobs);
        ReleaseJob.Map(jobs);
        ExtendLease.Map(jobs);
        SettleJobs.Map(jobs);
    }
}
