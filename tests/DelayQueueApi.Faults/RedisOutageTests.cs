using System.Net;
using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>Redis goes away while the service works: callers learn so soon, and all goes on by itself once it is back.</summary>
public class RedisOutageTests
{
    /// <summary>The service's own default. An answer that takes longer by far hangs.</summary>
    private const int StoreTimeoutMs = 750;

    /// <summary>Where an answer is wanted and not how soon it tells of an outage: no pause of a busy machine is one.</summary>
    private const int PatientMs = 30_000;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan TenSeconds = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Kills_of_Redis_lose_nothing_and_what_was_reported_as_not_applied_was_not()
    {
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var run = await StartAsync(redis, Seeds.Seed);
        run.Load.Start();

        for (var round = 0; round < Seeds.Rounds(3); round++)
        {
            await run.SufferAsync(Outage.Kill(redis), async () =>
                Assert.All(await ProbeAsync(run.Service), reply => Assert.True(reply.IsNotApplied, $"{reply}")));
        }

        await run.EndAsync();
    }

    /// <summary>Redis answers before it writes where an earlier write is still on its way to the disk, for 2 s at most.</summary>
    [Fact]
    public async Task Kills_of_Redis_that_writes_every_second_lose_at_most_what_was_answered_in_the_last_two()
    {
        await using var redis = new RedisProcess("everysec");
        await redis.StartAsync();
        await using var run = await StartAsync(redis, Seeds.Seed);
        run.Load.Start();

        for (var round = 0; round < Seeds.Rounds(1); round++)
        {
            await run.Load.PassAsync(6_000);
            await run.SufferAsync(Outage.Kill(redis));
        }

        await run.EndAsync(doubt: TimeSpan.FromSeconds(2));
    }

    /// <summary>As after a loss of power, the file ends in the middle of a write.</summary>
    [Fact]
    public async Task A_torn_end_of_the_append_only_file_costs_only_the_last_writes()
    {
        await using var redis = new RedisProcess("everysec");
        await redis.StartAsync();
        await using var run = await StartAsync(redis, Seeds.Seed);
        run.Load.Start();

        for (var round = 0; round < Seeds.Rounds(1); round++)
        {
            await run.Load.PassAsync(6_000);
            await run.SufferAsync(Outage.Kill(redis), () => redis.TearAsync(run.Random.Next(1, 4_000)));
        }

        await run.EndAsync(doubt: TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_pause_of_Redis_leaves_outcomes_unknown_and_loses_nothing()
    {
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var run = await StartAsync(redis, Seeds.Seed);
        run.Load.Start();

        await run.SufferAsync(Outage.Pause(redis), () => Task.Delay(TenSeconds, TimeProvider.System));

        await run.EndAsync();
        Assert.Contains(run.History.Calls, call => call.Reply is { Status: 503, IsUnknown: true });
    }

    [Fact]
    public async Task Scripts_that_Redis_has_forgotten_are_sent_again_and_nobody_notices()
    {
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var run = await StartAsync(redis, Seeds.Seed, PatientMs);
        run.Load.Start();

        await run.SufferAsync(Outage.ForgetScripts(redis));

        await run.EndAsync();
        Assert.All(run.History.Calls, call => Assert.NotEqual(503, call.Reply.Status));
    }

    [Fact]
    public async Task A_script_of_others_that_runs_for_long_keeps_all_out_and_loses_nothing()
    {
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var run = await StartAsync(redis, Seeds.Seed);
        run.Load.Start();

        await run.SufferAsync(Outage.Busy(redis), async () =>
            Assert.All(await ProbeAsync(run.Service), reply => Assert.Equal(503, reply.Status)));

        await run.EndAsync();
    }

    [Fact]
    public async Task A_Redis_that_is_full_takes_no_new_jobs_and_gives_out_and_settles_those_that_it_has()
    {
        const string Aside = "aside";
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var run = await StartAsync(redis, Seeds.Seed, PatientMs);
        using var history = new History();
        var api = new JobClient(() => run.Service.Client, history);
        await api.CreateAsync(new NewJob("held", Aside, "1"));
        var held = Assert.Single((await api.ClaimAsync(Aside)).Grants);
        var ready = (await api.CreateAsync(new NewJob("ready", Aside, "2"))).Made!;
        var pending = (await api.CreateAsync(new NewJob("pending", Aside, "3", DelayMs: 3_600_000))).Made!;
        run.Load.Start();

        await run.SufferAsync(Outage.Fill(redis), async () =>
        {
            Assert.True((await api.CreateAsync(new NewJob("refused", Aside, "4"))).Reply.IsNotApplied);
            Assert.Equal(204, (await api.AckAsync(held)).Reply.Status);
            Assert.Equal(ready.Id, Assert.Single((await api.ClaimAsync(Aside)).Grants).Id);
            Assert.Equal(204, (await api.CancelAsync(pending.Id)).Reply.Status);
        });

        Assert.Equal(201, (await api.CreateAsync(new NewJob("taken", Aside, "4"))).Reply.Status);
        await run.EndAsync();
    }

    [Fact]
    public async Task A_claim_that_waits_is_told_when_Redis_goes_away()
    {
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var run = await StartAsync(redis, seed: 0);
        var waiting = await WaitingClaim.BeginAsync(run.Service.Client, Run.Queue);

        redis.Kill();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await waiting).StatusCode);
    }

    [Fact]
    public async Task A_service_that_starts_while_Redis_is_away_answers_so_and_serves_once_it_is_there()
    {
        await using var redis = new RedisProcess();
        await using var run = await StartAsync(redis, seed: 0);

        Assert.All(await ProbeAsync(run.Service), reply => Assert.True(reply.IsNotApplied, $"{reply}"));
        Assert.Equal(HttpStatusCode.OK, await run.Service.StatusAsync("/health/live"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await run.Service.StatusAsync("/health/ready"));

        await redis.StartAsync();
        await run.Service.ReadyAsync();
        var created = await run.Api.CreateAsync(new NewJob("late", Run.Queue, "1"));
        Assert.Equal(created.Made!.Id, Assert.Single((await run.Api.ClaimAsync(Run.Queue)).Grants).Id);
    }

    private static async Task<Run> StartAsync(RedisProcess redis, int seed, int storeTimeoutMs = StoreTimeoutMs)
    {
        var run = await Run.StartAsync(seed, ServiceProcess.OnRedis(redis, storeTimeoutMs));
        run.Service.Client.Timeout = AnswerLimit;
        return run;
    }

    /// <summary>One call of each kind; the job and its lease were never given.</summary>
    private static async Task<Reply[]> ProbeAsync(ServiceProcess service)
    {
        using var history = new History();
        var api = new JobClient(() => service.Client, history);
        var key = $"{Guid.NewGuid()}";
        const string Id = "0-01M83VNRT5000009VMC8KNA3D9";
        var job = new ClaimedJob(Id, Run.Queue, "1", 1, 1, default, 0, new Lease("AAABjMBX3AABAgMEBQYHCGZhdWx0cw", 1, default));
        return
        [
            (await api.CreateAsync(new NewJob(key, Run.Queue, $"\"{key}\""))).Reply,
            (await api.ClaimAsync(Run.Queue)).Reply,
            (await api.AckAsync(job)).Reply,
            (await api.NackAsync(job)).Reply,
            (await api.ReleaseAsync(job)).Reply,
            (await api.ExtendAsync(job, 1_000)).Reply,
            (await api.CancelAsync(Id)).Reply,
            (await api.LookAsync(Id)).Reply,
        ];
    }
}
