using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>The service is killed again and again on the embedded store, each time at some moment of a load.</summary>
public class KillTests
{
    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("DELAYQUEUE_KILL_ROUNDS") ?? "5");

    [Fact]
    public async Task Kills_lose_nothing_that_was_acknowledged_and_leave_no_job_stuck()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var run = new Run(ServiceProcess.OnEmbedded(), seed);
        await run.Service.StartAsync();
        run.Load.Start();

        for (var round = 0; round < Rounds; round++)
        {
            await run.Load.PassAsync(random.Next(1, 1_000));
            await run.Load.MeetAsync(() =>
            {
                run.Service.Kill();
                return Task.CompletedTask;
            });
            await run.Service.StartAsync();
            run.Load.GoOn();
        }

        await run.Load.PassAsync(500);
        await run.EndAsync();
    }
}
