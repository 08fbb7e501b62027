using System.Net;
using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>The disk of the append-only file is full, and later has room again.</summary>
public class DiskFullTests
{
    private const string Aside = "aside";
    private const int StoreTimeoutMs = 5_000;
    private const int DiskMiB = 24;

    [Fact]
    public async Task A_Redis_that_writes_every_second_takes_no_writes_and_shows_what_it_has_until_there_is_room()
    {
        await using var disk = await SmallDisk.MountAsync(DiskMiB);
        await using var redis = new RedisProcess("everysec", "--dir", disk.Folder);
        await redis.StartAsync();
        await using var run = await Run.StartAsync(Seeds.Seed, ServiceProcess.OnRedis(redis, StoreTimeoutMs));
        using var history = new History();
        var api = new JobClient(() => run.Service.Client, history);
        await api.CreateAsync(new NewJob("held", Aside, "1"));
        var held = Assert.Single((await api.ClaimAsync(Aside)).Grants);
        run.Load.Start();

        await run.SufferAsync(Full(disk, () => Task.CompletedTask), async () =>
        {
            Assert.True((await api.CreateAsync(new NewJob("refused", Aside, "2"))).Reply.IsNotApplied);
            Assert.True((await api.AckAsync(held)).Reply.IsNotApplied);
            Assert.Equal("leased", (await api.JobAsync(held.Id)).State);
            Assert.Equal(1, (await api.QueueAsync(Aside)).Leased);
            Assert.Contains((await run.Service.InfoAsync()).Store.Warnings, warning => warning.Contains("The last write of the append-only file failed", StringComparison.Ordinal));
            Assert.Equal(HttpStatusCode.OK, await run.Service.StatusAsync("/health/live"));
        });

        await Poll.UntilAsync(async () => (await api.AckAsync(held)).Reply.Status == 204);
        await run.EndAsync();
        Assert.DoesNotContain((await run.Service.InfoAsync()).Store.Warnings, warning => warning.Contains("append-only", StringComparison.Ordinal));
    }

    /// <summary>It cannot take back what others may have seen, so it ends itself.</summary>
    [Fact]
    public async Task A_Redis_that_writes_always_ends_and_has_lost_nothing_when_it_is_started_where_there_is_room()
    {
        await using var disk = await SmallDisk.MountAsync(DiskMiB);
        await using var redis = new RedisProcess("always", "--dir", disk.Folder);
        await redis.StartAsync();
        await using var run = await Run.StartAsync(Seeds.Seed, ServiceProcess.OnRedis(redis, StoreTimeoutMs));
        run.Load.Start();

        await run.SufferAsync(Full(disk, redis.StartAsync), redis.EndedAsync);

        await run.EndAsync();
    }

    private static Outage Full(SmallDisk disk, Func<Task> restartAsync) => new("disk full", disk.FillAsync, () =>
    {
        disk.Free();
        return restartAsync();
    });
}
