namespace DelayQueueApi.Reaping;

internal static class ReapingServices
{
    public static IServiceCollection AddReaping(this IServiceCollection services) => services
        .AddSingleton<ReapStore>()
        .AddSingleton<Reaper>()
        .AddSingleton<LookoutStore>()
        .AddSingleton<Lookout>()
        .AddHostedService(provider => provider.GetRequiredService<Reaper>())
        .AddHostedService(provider => provider.GetRequiredService<Lookout>());
}
