using System.Globalization;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>Asks the store what it is and how far its promises go.</summary>
internal sealed class StoreFacts(StoreConnection connection, EmbeddedStore embedded, Partitions partitions)
{
    private static readonly Version FirstWithWaitAof = new(7, 2);

    /// <exception cref="StoreException">The store could not be asked or did not answer.</exception>
    public async Task<Facts> ReadAsync()
    {
        try
        {
            var servers = await connection.ServersAsync(partitions);
            return Facts.Together(await Task.WhenAll(servers.Select(async server => (StoreConnection.NameOf(server), await ReadAsync(server)))));
        }
        catch (Exception error) when (StoreException.From(error) is { } known)
        {
            throw known;
        }
    }

    /// <exception cref="StoreException">The store does not take commands now.</exception>
    public async Task PingAsync()
    {
        try
        {
            await (await connection.DatabaseAsync()).PingAsync();
        }
        catch (Exception error) when (StoreException.From(error) is { } known)
        {
            throw known;
        }
    }

    /// <returns>What the store uses, and the most that it may use, bytes; no limit is null. On a Redis Cluster that of its fullest node.</returns>
    /// <exception cref="StoreException">The store could not be asked or did not answer.</exception>
    public async Task<(long Used, long? Limit)> MemoryAsync()
    {
        if (connection.IsEmbedded)
        {
            return embedded.Memory;
        }

        try
        {
            var servers = await connection.ServersAsync(partitions);
            return (await Task.WhenAll(servers.Select(MemoryAsync))).MaxBy(memory => (memory.Used / (double)(memory.Limit ?? long.MaxValue), memory.Used));
        }
        catch (Exception error) when (StoreException.From(error) is { } known)
        {
            throw known;
        }
    }

    private static async Task<(long Used, long? Limit)> MemoryAsync(IServer server)
    {
        var info = await InfoAsync(server, "memory");
        return (Number("used_memory"), Number("maxmemory") is > 0 and var limit ? limit : null);

        long Number(string name) => long.TryParse(info.GetValueOrDefault(name), CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    private async Task<Facts> ReadAsync(IServer server)
    {
        var info = await InfoAsync(server);
        return connection.IsEmbedded ? Embedded(info) : Redis(info, await SettingsAsync(server), connection.HasSentinels);
    }

    private static Facts Embedded(Dictionary<string, string> info) => new(
        "embedded", $"Garnet {info.GetValueOrDefault("garnet_version", "2.2")}", Durability.FsyncAlways, Evicts: false,
        ["The embedded store serves one process; run on Redis or Valkey where more than one shall share the jobs."])
    {
        AnswersFromDisk = true,
    };

    private static Facts Redis(Dictionary<string, string> info, Dictionary<string, string>? settings, bool hasSentinels)
    {
        var warnings = new List<string>();
        var onDisk = DurabilityOf(info, settings, warnings);
        var replicas = info.Count(line => line.Key.StartsWith("slave", StringComparison.Ordinal) && line.Value.Contains("state=online", StringComparison.Ordinal));
        var canFailOver = hasSentinels || (replicas > 0 && info.GetValueOrDefault("redis_mode") == "cluster");
        // After a failover the disk of the former primary is of no use.
        var durability = replicas > 0 && (canFailOver || onDisk == Durability.Memory) ? Durability.Replicated : onDisk;
        // It is told only where it is set.
        if (canFailOver && !info.ContainsKey("min_slaves_good_slaves"))
        {
            warnings.Add("min-replicas-to-write is 0: a primary that has lost its replicas goes on taking writes, which a failover loses. Set 1.");
        }

        var version = info.GetValueOrDefault("valkey_version") ?? info.GetValueOrDefault("redis_version", "0.0");
        warnings.AddRange(StoreWarnings.Of(info, version));
        return new Facts(info.ContainsKey("valkey_version") ? "valkey" : "redis", version, durability, StoreWarnings.Evicts(info), [.. warnings])
        {
            History = HistoryOf(info),
            Replicas = replicas,
            AnswersFromDisk = onDisk == Durability.FsyncAlways,
            // Valkey tells as redis_version which Redis it stands for.
            CanTellOfDisk = info.GetValueOrDefault("aof_enabled") == "1"
                && Version.TryParse(info.GetValueOrDefault("redis_version"), out var stands) && stands >= FirstWithWaitAof,
        };
    }

    /// <returns>As in <see cref="Facts.History"/>.</returns>
    public static async Task<string> ReadHistoryAsync(IServer server) => HistoryOf(await InfoAsync(server, "replication"));

    private static string HistoryOf(Dictionary<string, string> info) => info.GetValueOrDefault("master_replid", "");

    private static Durability DurabilityOf(Dictionary<string, string> info, Dictionary<string, string>? settings, List<string> warnings)
    {
        if (info.GetValueOrDefault("aof_enabled") == "1")
        {
            switch (settings?.GetValueOrDefault("appendfsync"))
            {
                case "always":
                    return Durability.FsyncAlways;
                case "everysec":
                    return Durability.FsyncEverysec;
                case null:
                    warnings.Add("The server does not show appendfsync; it is taken for everysec.");
                    return Durability.FsyncEverysec;
                default:
                    warnings.Add("appendfsync is no: the last half minute of acknowledged jobs may be lost with the machine. Set everysec or always.");
                    break;
            }
        }
        else
        {
            warnings.Add("The append-only file is off: acknowledged jobs are lost when the server stops. Set appendonly yes.");
        }

        return Durability.Memory;
    }

    /// <returns>Null where the server does not let this user read its settings.</returns>
    private static async Task<Dictionary<string, string>?> SettingsAsync(IServer server)
    {
        try
        {
            return (await server.ExecuteAsync("CONFIG", "GET", "append*")).ToDictionary()
                .ToDictionary(setting => setting.Key, setting => (string)setting.Value!);
        }
        catch (RedisServerException)
        {
            return null;
        }
    }

    private static async Task<Dictionary<string, string>> InfoAsync(IServer server, params object[] sections) => ((string?)await server.ExecuteAsync("INFO", sections) ?? "")
        .Split('\n', StringSplitOptions.TrimEntries)
        .Select(line => line.Split(':', 2))
        .Where(pair => pair.Length == 2)
        .DistinctBy(pair => pair[0])
        .ToDictionary(pair => pair[0], pair => pair[1]);
}
