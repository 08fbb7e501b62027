using DelayQueueApi.Http;

namespace DelayQueueApi.Queues;

internal static class QueueEndpoints
{
    public static IServiceCollection AddQueues(this IServiceCollection services) => services
        .AddSingleton<QueueStore>()
        .AddSingleton<RedriveStore>()
        .AddSingleton<DeadGroups>()
        .AddSingleton<DueTimeline>()
        .AddSingleton<StoreGate>()
        .AddHostedService(provider => provider.GetRequiredService<StoreGate>());

    public static void MapQueues(this IEndpointRouteBuilder app)
    {
        var queues = app.MapGroup("/queues").WithTags("Queues").WithApiConventions();
        ListQueues.Map(queues);
        GetQueue.Map(queues);
        PutQueue.Map(queues);
        DeleteQueue.Map(queues);
        PauseQueue.Map(queues);
        PurgeQueue.Map(queues);
        RedriveJobs.Map(queues);
        RedriveTask.Map(queues);
        GroupDeadJobs.Map(queues);
        CountDueJobs.Map(queues);
    }
}
