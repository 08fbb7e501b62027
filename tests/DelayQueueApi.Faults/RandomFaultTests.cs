using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>Two services on one Redis, and whatever goes wrong next is up to the seed.</summary>
public class RandomFaultTests
{
    [Fact]
    public async Task Any_faults_in_any_order_break_no_promise()
    {
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var network = new StoreProxy(redis.Port);
        var services = new[] { ServiceProcess.OnRedis(network.Address, storeTimeoutMs: 750), ServiceProcess.OnRedis(network.Address, storeTimeoutMs: 750) };
        await using var run = await Run.StartAsync(Seeds.Seed, services);
        Outage[] outages =
        [
            Outage.Kill(redis), Outage.Pause(redis), Outage.Busy(redis), Outage.Fill(redis), Outage.ForgetScripts(redis),
            Outage.Cut(network), Outage.Swallow(network), Outage.Slow(network), Outage.LoseReplies(network),
            Outage.Kill(services[0], 0), Outage.Kill(services[1], 1), Outage.Stop(services[0], 0), Outage.Stop(services[1], 1),
        ];
        run.Load.Start();

        for (var round = 0; round < Seeds.Rounds(8); round++)
        {
            await run.SufferAsync(outages[run.Random.Next(outages.Length)]);
        }

        await run.EndAsync();
    }
}
