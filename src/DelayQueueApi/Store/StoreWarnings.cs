using System.Globalization;

namespace DelayQueueApi.Store;

/// <summary>What in a server's settings and state weakens the promises, in words; each has its line in docs/operations.md.</summary>
internal static class StoreWarnings
{
    private const string NoEviction = "noeviction";

    /// <summary>From so full on, in percent of maxmemory, somebody should look.</summary>
    private const int NearlyFull = 90;

    /// <summary>While the server writes a new file beside the old one it may need twice its memory.</summary>
    private const int HalfOfAll = 50;

    private static readonly Version Oldest = new(6, 2);

    /// <param name="info">As INFO tells it, by field.</param>
    public static bool Evicts(IReadOnlyDictionary<string, string> info) => info.GetValueOrDefault("maxmemory_policy", NoEviction) != NoEviction;

    /// <param name="info">As INFO tells it, by field.</param>
    /// <param name="version">The server's, as a text.</param>
    public static IEnumerable<string> Of(IReadOnlyDictionary<string, string> info, string version)
    {
        if (Version.TryParse(version, out var parsed) && parsed < Oldest)
        {
            yield return $"The server is older than {Oldest}: scripts will fail.";
        }

        if (Evicts(info))
        {
            yield return $"maxmemory-policy is {info["maxmemory_policy"]}: the server may drop jobs when memory is short. Set noeviction.";
        }

        if (info.GetValueOrDefault("role") == "slave")
        {
            yield return "The server is a replica: it takes no writes. Name the primary, or the Sentinels.";
        }

        foreach (var warning in OfDisk(info).Concat(OfMemory(info)))
        {
            yield return warning;
        }
    }

    private static IEnumerable<string> OfDisk(IReadOnlyDictionary<string, string> info)
    {
        if (Failed("aof_last_write_status"))
        {
            yield return "The last write of the append-only file failed: the server takes no writes until its disk has room.";
        }

        if (Failed("aof_last_bgrewrite_status"))
        {
            yield return "The last rewrite of the append-only file failed: it grows until the disk is full. See the server's log.";
        }

        if (Failed("rdb_last_bgsave_status"))
        {
            yield return "The last snapshot failed: the server may take no writes until one succeeds. See its log.";
        }

        bool Failed(string what) => info.GetValueOrDefault(what, "ok") != "ok";
    }

    private static IEnumerable<string> OfMemory(IReadOnlyDictionary<string, string> info)
    {
        var (used, most, machine) = (Bytes("used_memory"), Bytes("maxmemory"), Bytes("total_system_memory"));
        if (most > 0 && used >= most / 100 * NearlyFull)
        {
            yield return $"{MiB(used)} of {MiB(most)} MiB of maxmemory are in use: at its limit the server takes no new jobs. Raise maxmemory, or let workers catch up.";
        }

        if (most > machine && machine > 0)
        {
            yield return $"maxmemory is {MiB(most)} MiB, and the machine has {MiB(machine)}: the system may end the server before that. Set it lower.";
        }

        if (most == 0 && machine > 0 && used >= machine / 100 * HalfOfAll)
        {
            yield return $"{MiB(used)} of the machine's {MiB(machine)} MiB are in use and maxmemory is not set: the system may end the server. Set maxmemory.";
        }

        long Bytes(string what) => long.TryParse(info.GetValueOrDefault(what), CultureInfo.InvariantCulture, out var bytes) ? bytes : 0;

        static long MiB(long bytes) => bytes / (1024 * 1024);
    }
}
