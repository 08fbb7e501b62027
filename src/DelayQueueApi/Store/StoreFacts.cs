using System.Globalization;
using System.Text.Json.Serialization;
using DelayQueueApi.Http;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>Asks the store what it is and how far its promises go.</summary>
internal sealed class StoreFacts(StoreConnection connection, EmbeddedStore embedded)
{
    private static readonly Version FirstWithWaitAof = new(7, 2);

    /// <exception cref="StoreException">The store could not be asked or did not answer.</exception>
    public async Task<Facts> ReadAsync()
    {
        try
        {
            var server = await connection.ServerAsync();
            var info = Parse((string?)await server.ExecuteAsync("INFO") ?? "");
            return connection.IsEmbedded ? Embedded(info) : Redis(info, await SettingsAsync(server), connection.HasSentinels);
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

    /// <returns>What the store uses, and the most that it may use, bytes; no limit is null.</returns>
    /// <exception cref="StoreException">The store could not be asked or did not answer.</exception>
    public async Task<(long Used, long? Limit)> MemoryAsync()
    {
        if (connection.IsEmbedded)
        {
            return embedded.Memory;
        }

        try
        {
            var info = Parse((string?)await (await connection.ServerAsync()).ExecuteAsync("INFO", "memory") ?? "");
            return (Number("used_memory"), Number("maxmemory") is > 0 and var limit ? limit : null);

            long Number(string name) => long.TryParse(info.GetValueOrDefault(name), CultureInfo.InvariantCulture, out var number) ? number : 0;
        }
        catch (Exception error) when (StoreException.From(error) is { } known)
        {
            throw known;
        }
    }

    private static Facts Embedded(Dictionary<string, string> info) => new(
        "embedded", $"Garnet {info.GetValueOrDefault("garnet_version", "2.2")}", Durability.FsyncAlways, Evicts: false,
        ["The embedded store serves one process; run on Redis or Valkey where more than one shall share the jobs."])
    {
        AnswersFromDisk = true,
    };

    private static Facts Redis(Dictionary<string, string> info, Dictionary<string, string>? settings, bool canFailOver)
    {
        var warnings = new List<string>();
        var onDisk = DurabilityOf(info, settings, warnings);
        var replicas = info.Count(line => line.Key.StartsWith("slave", StringComparison.Ordinal) && line.Value.Contains("state=online", StringComparison.Ordinal));
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
            IsCluster = info.GetValueOrDefault("redis_mode") == "cluster",
            // Valkey tells as redis_version which Redis it stands for.
            CanTellOfDisk = info.GetValueOrDefault("aof_enabled") == "1"
                && Version.TryParse(info.GetValueOrDefault("redis_version"), out var stands) && stands >= FirstWithWaitAof,
        };
    }

    /// <returns>As in <see cref="Facts.History"/>.</returns>
    public static async Task<string> ReadHistoryAsync(IServer server) => HistoryOf(Parse((string?)await server.ExecuteAsync("INFO", "replication") ?? ""));

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

    private static Dictionary<string, string> Parse(string info) => info
        .Split('\n', StringSplitOptions.TrimEntries)
        .Select(line => line.Split(':', 2))
        .Where(pair => pair.Length == 2)
        .DistinctBy(pair => pair[0])
        .ToDictionary(pair => pair[0], pair => pair[1]);
}

/// <param name="Kind">redis, valkey or embedded.</param>
/// <param name="Version">As the server tells it.</param>
/// <param name="Durability">What an acknowledged job survives.</param>
/// <param name="Evicts">Whether it may drop jobs when memory is short.</param>
/// <param name="Warnings">What weakens promises, in words.</param>
internal sealed record Facts(string Kind, string Version, Durability Durability, bool Evicts, string[] Warnings)
{
    /// <summary>Whether it keeps what it acknowledges beyond the life of its process.</summary>
    public bool Keeps => Durability != Durability.Memory && !Evicts;

    /// <summary>Names what the server has written as a primary since it became one; another one after a failover or a restart.</summary>
    public string History { get; init; } = "";

    /// <summary>How many replicas follow it now.</summary>
    public int Replicas { get; init; }

    public bool IsCluster { get; init; }

    /// <summary>Whether a write is on disk before it is answered.</summary>
    public bool AnswersFromDisk { get; init; }

    /// <summary>Whether it can be asked what is on its disk.</summary>
    public bool CanTellOfDisk { get; init; }
}

/// <summary>
/// fsync-always: an acknowledged job survives the machine. fsync-everysec: so do all but those of about the last second.
/// replicated: it is on a replica, not on disk. memory: it is kept only while the store runs.
/// </summary>
[JsonConverter(typeof(KebabCaseEnum<Durability>))]
internal enum Durability
{
    Memory,
    Replicated,
    FsyncEverysec,
    FsyncAlways,
}
