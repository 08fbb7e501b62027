using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

public class PoisonTests
{
    private const string Queue = "poison";

    private const int Attempts = 3;

    /// <summary>Whoever has such a job dies of it: its lease always ends by itself.</summary>
    [Fact]
    public async Task Jobs_that_kill_their_workers_die_after_their_attempts_and_keep_no_others_back()
    {
        await using var run = await Run.StartAsync(Seeds.Seed, ServiceProcess.OnEmbedded());
        using var history = new History();
        var api = new JobClient(() => run.Service.Client, history);
        var poison = new List<string>();
        for (var job = 0; job < 5; job++)
        {
            poison.Add((await api.CreateAsync(new NewJob($"poison-{job}", Queue, $"\"poison-{job}\"", MaxAttempts: Attempts))).Made!.Id);
        }

        run.Load.Start();
        for (var taken = 0; taken < Attempts * poison.Count;)
        {
            taken += (await api.ClaimAsync(Queue, limit: 5, leaseMs: 1_000, waitMs: 5_000)).Grants.Count;
        }

        await Poll.UntilAsync(async () => (await api.QueueAsync(Queue)).Dead == poison.Count);
        Assert.All(
            await Task.WhenAll(poison.Select(api.JobAsync)),
            job => Assert.Equal((Attempts, new Failures(0, Attempts, 0)), (job.Attempt, job.Failures)));
        Assert.DoesNotContain(new Verdict(history.Calls).Violations, violation => violation.Promise != "S1");
        await run.EndAsync();
    }
}
