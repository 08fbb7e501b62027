using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>The service is killed again and again, each time at some moment of a load.</summary>
public class KillTests
{
    [Fact]
    public async Task Kills_on_the_embedded_store_lose_nothing_that_was_acknowledged_and_leave_no_job_stuck()
    {
        await using var run = await Run.StartAsync(Seeds.Seed, ServiceProcess.OnEmbedded());
        run.Load.Start();

        for (var round = 0; round < Seeds.Rounds(5); round++)
        {
            await run.SufferAsync(Outage.Kill(run.Service));
        }

        await run.EndAsync();
    }

    [Fact]
    public async Task A_kill_of_one_of_two_services_loses_nothing_and_the_other_goes_on()
    {
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        var second = ServiceProcess.OnRedis(redis);
        await using var run = await Run.StartAsync(Seeds.Seed, ServiceProcess.OnRedis(redis), second);
        run.Load.Start();

        for (var round = 0; round < Seeds.Rounds(3); round++)
        {
            await run.SufferAsync(Outage.Kill(second, instance: 1), () => run.Load.PassAsync(200));
        }

        await run.EndAsync();
    }
}
