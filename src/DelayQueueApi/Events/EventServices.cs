using DelayQueueApi.Http;

namespace DelayQueueApi.Events;

internal static class EventServices
{
    public static IServiceCollection AddEvents(this IServiceCollection services)
    {
        services.AddOptions<EventOptions>().BindConfiguration("Events").ValidateDataAnnotations().ValidateOnStart();
        return services
            .AddSingleton<EventStore>()
            .AddSingleton<EventFeed>()
            .AddHostedService(provider => provider.GetRequiredService<EventFeed>());
    }

    public static void MapEvents(this IEndpointRouteBuilder app) => WatchEvents.Map(app.MapGroup("/events").WithTags("Events").WithApiConventions());
}
