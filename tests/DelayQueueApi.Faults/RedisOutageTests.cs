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

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Kills_of_Redis_lose_nothing_and_what_was_reported_as_not_applied_was_not()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var run = await StartAsync(redis, seed);
        run.Load.Start();

        for (var round = 0; round < 3; round++)
        {
            await run.Load.PassAsync(random.Next(1, 1_000));
            await run.Load.MeetAsync(() =>
            {
                redis.Kill();
                return Task.CompletedTask;
            });
            Assert.All(await ProbeAsync(run.Api), reply => Assert.True(reply.IsNotApplied, $"{reply}"));
            await redis.StartAsync();
            await ReadyAsync(run.Service);
            run.Load.GoOn();
        }

        await run.Load.PassAsync(500);
        await run.EndAsync();
    }

    [Fact]
    public async Task A_pause_of_Redis_leaves_outcomes_unknown_and_loses_nothing()
    {
        var seed = Environment.TickCount;
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var run = await StartAsync(redis, seed);
        run.Load.Start();

        await run.Load.PassAsync(500);
        await run.Load.MeetAsync(redis.PauseAsync);
        await redis.ResumeAsync();
        await ReadyAsync(run.Service);
        run.Load.GoOn();

        await run.Load.PassAsync(500);
        await run.EndAsync();
        Assert.Contains(run.History.Calls, call => call.Reply is { Status: 503, IsUnknown: true });
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

        Assert.All(await ProbeAsync(run.Api), reply => Assert.True(reply.IsNotApplied, $"{reply}"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(run.Service, "/health/live"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(run.Service, "/health/ready"));

        await redis.StartAsync();
        await ReadyAsync(run.Service);
        var created = await run.Api.CreateAsync(new NewJob("late", Run.Queue, "1"));
        Assert.Equal(created.Made!.Id, Assert.Single((await run.Api.ClaimAsync(Run.Queue)).Grants).Id);
    }

    private static async Task<Run> StartAsync(RedisProcess redis, int seed)
    {
        var run = new Run(ServiceProcess.OnRedis(redis, StoreTimeoutMs), seed);
        await run.Service.StartAsync();
        run.Service.Client.Timeout = AnswerLimit;
        return run;
    }

    /// <summary>One call of each kind; the job and its lease were never given.</summary>
    private static async Task<Reply[]> ProbeAsync(JobClient api)
    {
        var key = $"{Guid.NewGuid()}";
        const string Id = "0-01M83VNRT5000009VMC8KNA3D9";
        var job = new ClaimedJob(Id, Run.Queue, "1", 1, 1, default, 0, new Lease("AAABjMBX3AABAgMEBQYHCGZhdWx0cw", 1, default));
        return
        [
            (await api.CreateAsync(new NewJob(key, Run.Queue, $"\"{key}\""))).Reply,
            (await api.ClaimAsync(Run.Queue)).Reply,
            (await api.SettleAsync(Verb.Ack, job)).Reply,
            (await api.SettleAsync(Verb.Nack, job)).Reply,
            (await api.SettleAsync(Verb.Release, job)).Reply,
            (await api.SettleAsync(Verb.Extend, job, "\"leaseMs\":1000")).Reply,
            (await api.CancelAsync(Id)).Reply,
            (await api.LookAsync(Id)).Reply,
        ];
    }

    private static Task ReadyAsync(ServiceProcess service) => Poll.UntilAsync(async () => await StatusAsync(service, "/health/ready") == HttpStatusCode.OK);

    private static async Task<HttpStatusCode> StatusAsync(ServiceProcess service, string path)
    {
        using var answer = await service.Client.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }
}
