using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>The service is killed or stopped again and again, each time at some moment of a load.</summary>
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

    [Fact]
    public async Task A_stop_under_load_answers_what_is_in_flight_and_loses_nothing()
    {
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        var second = ServiceProcess.OnRedis(redis);
        await using var run = await Run.StartAsync(Seeds.Seed, ServiceProcess.OnRedis(redis), second);
        run.Load.Start();

        for (var round = 0; round < Seeds.Rounds(3); round++)
        {
            await run.SufferAsync(Outage.Stop(second, instance: 1));
        }

        await run.EndAsync();
        var stops = run.History.Calls.OfType<Fault>().Select(fault => fault.Began).ToArray();
        var inFlight = run.History.Calls.Where(call => call.Trip.Instance == 1 && stops.Any(stop => call.Began < stop && call.Ended > stop)).ToArray();
        // One that has not left its client yet finds nobody; ShutdownTests have requests that the service surely has.
        Assert.Contains(inFlight, call => call.Reply.Status != 0);
    }
}
