namespace DelayQueueApi.Reaping;

internal static class ReapingServices
{
    public static IServiceCollection AddReaping(this IServiceCollection services) => services
        .AddSingleton<ReapStore>()
        .AddSingleton<Reaper>()
        .AddHostedService(provider => provider.GetRequiredService<Reaper>());
}
