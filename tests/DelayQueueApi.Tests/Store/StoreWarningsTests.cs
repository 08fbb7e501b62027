using DelayQueueApi.Store;

namespace DelayQueueApi.Tests.Store;

/// <summary>What no server can be brought to say at will; StoreChecksTests asks real ones for the rest.</summary>
public class StoreWarningsTests
{
    private static readonly Dictionary<string, string> Sound = new()
    {
        ["role"] = "master",
        ["maxmemory"] = "0",
        ["maxmemory_policy"] = "noeviction",
        ["used_memory"] = "1000000",
        ["total_system_memory"] = "8000000000",
        ["aof_last_write_status"] = "ok",
        ["aof_last_bgrewrite_status"] = "ok",
        ["rdb_last_bgsave_status"] = "ok",
    };

    [Theory]
    [InlineData("used_memory", "4100000000", "maxmemory is not set")]
    [InlineData("aof_last_bgrewrite_status", "err", "The last rewrite of the append-only file failed")]
    [InlineData("rdb_last_bgsave_status", "err", "The last snapshot failed")]
    public void What_is_wrong_with_a_server_is_told(string field, string value, string warning)
    {
        var told = StoreWarnings.Of(new Dictionary<string, string>(Sound) { [field] = value }, "7.0.15");

        Assert.Contains(warning, Assert.Single(told), StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_is_too_old_is_told()
    {
        Assert.Contains("older than 6.2", Assert.Single(StoreWarnings.Of(Sound, "6.0.16")), StringComparison.Ordinal);
        Assert.Empty(StoreWarnings.Of(Sound, "6.2.0"));
    }

    [Fact]
    public void A_server_that_tells_little_is_not_blamed() => Assert.Empty(StoreWarnings.Of(new Dictionary<string, string>(), "7.0"));
}
