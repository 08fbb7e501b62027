using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>Redis with replicas under Sentinels: a replica takes the place of the primary, and the service follows by itself.</summary>
public class FailoverTests
{
    private const string Replicated = "replicated=1";

    /// <summary>Before the fault the replicas have what was answered longer ago than that.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_service_that_starts_before_its_Sentinels_answers_so_and_serves_once_they_name_a_primary()
    {
        await using var redis = new ReplicatedRedis();
        await using var run = await Run.StartAsync(seed: 0, ServiceProcess.OnRedis(redis.ConnectionString, storeTimeoutMs: 5_000));
        var job = new NewJob("early", Run.Queue, "1");
        Assert.True((await run.Api.CreateAsync(job)).Reply.IsNotApplied);

        await redis.StartAsync();

        await run.Service.ReadyAsync();
        Assert.Equal(201, (await run.Api.CreateAsync(job)).Reply.Status);
        var info = await run.Service.Client.GetStringAsync(new Uri("/info", UriKind.Relative));
        Assert.Contains("\"durability\":\"replicated\",\"replicas\":2,\"warnings\":[\"min-replicas-to-write is 0", info, StringComparison.Ordinal);
    }

    /// <summary>Calls of which nothing was asked are in doubt; the jobs whose creation was confirmed are not.</summary>
    [Fact]
    public async Task A_job_that_replicas_are_known_to_have_outlives_its_primary()
    {
        await using var redis = new ReplicatedRedis(minReplicas: 1);
        await using var run = await StartAsync(redis, Replicated);

        Create[] inVain = [];

        await run.SufferAsync(Outage.FailOver(redis, between: async () => inVain = await CreateInVainAsync(run)));

        await run.EndAsync(doubt: Window);
        AssertFlows(run);
        Assert.All(inVain, create => Assert.Equal((503, "unknown"), (create.Reply.Status, create.Reply.Applied)));
    }

    /// <summary>Replication is asynchronous: what was answered while the replicas could not get it is gone with the primary, and nothing else.</summary>
    [Fact]
    public async Task Without_receipts_a_failover_loses_what_the_replicas_had_not_got()
    {
        await using var redis = new ReplicatedRedis();
        await using var run = await StartAsync(redis, durability: null);

        await run.SufferAsync(Outage.FailOver(redis, between: () => run.Load.PassAsync(300)));

        await run.EndAsync(doubt: Window);
        AssertFlows(run);
        var lost = new Verdict(run.History.Calls).Lost;
        TestContext.Current.TestOutputHelper?.WriteLine($"{lost} acknowledged jobs are lost.");
        Assert.NotEqual(0, lost);
    }

    /// <summary>Until the Sentinels have told it that it follows now, it takes itself for the primary.</summary>
    [Fact]
    public async Task A_primary_that_comes_back_after_a_failover_gets_no_calls_and_breaks_no_promise()
    {
        await using var redis = new ReplicatedRedis(minReplicas: 1);
        await using var run = await StartAsync(redis, Replicated);
        var former = redis.Primary;

        await run.SufferAsync(Outage.Isolate(redis));
        await run.SufferAsync(Outage.Return(former, redis));

        await run.EndAsync(doubt: Window);
        AssertFlows(run);
        var back = run.History.Calls.OfType<Fault>().Last();
        Assert.Contains(run.History.Calls, call => call is Create { IsDurable: true, Reply.IsDone: true } && call.Began > back.Began && call.Ended < back.Ended);
    }

    /// <summary>As where all are deployed anew and their files are not kept: what they name has a lower epoch than what the service knows.</summary>
    [Fact]
    public async Task Sentinels_that_have_all_begun_anew_are_followed()
    {
        await using var redis = new ReplicatedRedis();
        await redis.StartAsync();
        await using var run = await Run.StartAsync(seed: 0, ServiceProcess.OnRedis(redis.ConnectionString, storeTimeoutMs: 5_000));
        var dead = redis.Primary;
        dead.Kill();
        await redis.UntilFailedOverAsync();
        await Poll.UntilAsync(() => IsCreatedAsync("after the failover"));

        await redis.BeginAnewAsync(dead);

        await Poll.UntilAsync(() => IsCreatedAsync("after they have begun anew"));

        async Task<bool> IsCreatedAsync(string name) => (await run.Api.CreateAsync(new NewJob(name, Run.Queue, "1"))).Reply.Status is 200 or 201;
    }

    /// <summary>Asks for jobs that cannot get to a replica, and that no worker has before the primary is gone.</summary>
    private static Task<Create[]> CreateInVainAsync(Run run)
    {
        var api = new JobClient(() => run.Service.Client, run.History, client: Load.Clients + 1, durability: Replicated);
        return Task.WhenAll(Enumerable.Range(0, 8).Select(number =>
            api.CreateAsync(new NewJob($"cut off {number}", Run.Queue, $"\"cut off {number}\"", DelayMs: 3_000))));
    }

    /// <summary>L3, of all calls: those in doubt tell too that jobs flow.</summary>
    private static void AssertFlows(Run run)
    {
        foreach (var (what, micros) in new Verdict(run.History.Calls).Recoveries)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{what}: jobs flow again after {micros / 1_000} ms.");
            Assert.InRange(micros ?? long.MaxValue, 0, 5_000_000);
        }
    }

    /// <summary>Leases have no grace here: the checker holds them to the ends that their workers were told.</summary>
    private static async Task<Run> StartAsync(ReplicatedRedis redis, string? durability)
    {
        await redis.StartAsync();
        var service = ServiceProcess.OnRedis(redis.ConnectionString, storeTimeoutMs: 750).With("Store__FailoverGraceMs", "0");
        var run = await Run.StartAsync(Seeds.Seed, service);
        run.Load.Durability = durability;
        run.Load.Start();
        return run;
    }
}
