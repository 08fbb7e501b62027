using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

public class ClockTests
{
    private static readonly string? Library = ((string[])["/usr/lib", "/usr/local/lib"]).Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true })).FirstOrDefault();

    /// <summary>Two services whose hosts are two hours apart, on one store: only the store's clock counts.</summary>
    [Fact]
    public async Task Hosts_whose_clocks_are_wrong_change_nothing()
    {
        Assert.SkipWhen(Library is null, "libfaketime is not installed.");
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var run = await Run.StartAsync(Seeds.Seed, At(redis, "+1h"), At(redis, "-1h"));
        run.Load.Start();

        await run.Load.PassAsync(2_000);

        await run.EndAsync();
    }

    /// <summary>The runtime waits by the monotonic clock, which stays as it is.</summary>
    private static ServiceProcess At(RedisProcess redis, string offset) => ServiceProcess.OnRedis(redis)
        .With("LD_PRELOAD", Library!).With("FAKETIME", offset).With("DONT_FAKE_MONOTONIC", "1").With("FAKETIME_FORCE_MONOTONIC_FIX", "0");
}
