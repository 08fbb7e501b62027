using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>Nothing goes wrong but workers: what the promises are held against before anything else does.</summary>
public class LoadTests
{
    private const int Calls = 3_000;

    [Fact]
    public async Task Two_services_on_Redis_keep_all_promises()
    {
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var run = await Run.StartAsync(Seeds.Seed, ServiceProcess.OnRedis(redis), ServiceProcess.OnRedis(redis));
        run.Load.Start();

        await run.Load.PassAsync(Calls * Seeds.Rounds(1));

        await run.EndAsync();
    }

    [Fact]
    public async Task The_embedded_store_keeps_all_promises()
    {
        await using var run = await Run.StartAsync(Seeds.Seed, ServiceProcess.OnEmbedded());
        run.Load.Start();

        await run.Load.PassAsync(Calls * Seeds.Rounds(1));

        await run.EndAsync();
    }
}
