using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>fsck beside a service that works, and as a command.</summary>
public sealed class FsckTests : IAsyncLifetime
{
    private readonly RedisProcess redis = new();

    public async ValueTask InitializeAsync() => await redis.StartAsync();

    public ValueTask DisposeAsync() => redis.DisposeAsync();

    [Fact]
    public async Task A_sound_store_is_found_sound_in_the_middle_of_a_load()
    {
        await using var run = await Run.StartAsync(Seeds.Seed, ServiceProcess.OnRedis(redis));
        run.Load.Start();

        for (var look = 0; look < 20 * Seeds.Rounds(1); look++)
        {
            await run.Load.PassAsync(50);
            var found = await run.Service.FsckAsync(repair: look % 2 == 1);
            Assert.True(found.Found == 0, string.Join('\n', found.Faults.Select(fault => $"{fault.Kind} {fault.Count}: {string.Join(' ', fault.Examples)}")));
        }

        await run.EndAsync();
    }

    [Fact]
    public async Task The_command_tells_by_its_exit_code_whether_the_store_is_sound()
    {
        await using var service = ServiceProcess.OnRedis(redis);
        await service.StartAsync();
        var api = new JobClient(() => service.Client, new History());
        var job = (await api.CreateAsync(new NewJob("lost", "damaged", "1"))).Made!;

        Assert.Equal(0, (await service.CommandAsync("fsck")).ExitCode);
        Assert.Equal(":1", await redis.AskAsync("DEL", "dq:{0}:q:default/damaged:p4"));
        Assert.Empty((await api.ClaimAsync("damaged")).Grants);

        var (found, told) = await service.CommandAsync("fsck");
        Assert.Equal(1, found);
        Assert.Contains($"missing-entry: 1\n  {job.Id}\n", told, StringComparison.Ordinal);
        Assert.Equal(0, (await service.CommandAsync("fsck", "--repair")).ExitCode);
        Assert.Equal(0, (await service.CommandAsync("fsck", "--repair")).ExitCode);
        Assert.Equal(job.Id, Assert.Single((await api.ClaimAsync("damaged")).Grants).Id);

        await redis.AskAsync("SET", "dq:{0}:partitions", "2");
        Assert.Equal(64, (await service.CommandAsync("fsck")).ExitCode);
        Assert.Equal(0, (await service.CommandAsync("fsck", "--Store:Partitions=2")).ExitCode);

        redis.Kill();
        Assert.Equal(2, (await service.CommandAsync("fsck")).ExitCode);
        Assert.Equal(64, (await service.CommandAsync("fsck", "--repiar")).ExitCode);
    }
}
