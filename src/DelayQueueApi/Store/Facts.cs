using System.Text.Json.Serialization;
using DelayQueueApi.Http;

namespace DelayQueueApi.Store;

/// <param name="Kind">redis, valkey or embedded.</param>
/// <param name="Version">As the server tells it.</param>
/// <param name="Durability">What an acknowledged job survives.</param>
/// <param name="Evicts">Whether it may drop jobs when memory is short.</param>
/// <param name="Warnings">What weakens promises, in words.</param>
internal sealed record Facts(string Kind, string Version, Durability Durability, bool Evicts, string[] Warnings)
{
    /// <summary>Whether it keeps what it acknowledges beyond the life of its process.</summary>
    public bool Keeps => Durability != Durability.Memory && !Evicts;

    /// <summary>Names what the servers have written as primaries since they became so; another one after a failover or a restart.</summary>
    public string History { get; init; } = "";

    /// <summary>How many replicas follow it now; of several nodes that which has the fewest.</summary>
    public int Replicas { get; init; }

    /// <summary>Whether a write is on disk before it is answered.</summary>
    public bool AnswersFromDisk { get; init; }

    /// <summary>Whether it can be asked what is on its disk.</summary>
    public bool CanTellOfDisk { get; init; }

    /// <summary>What holds of nodes that share the jobs: as much as of the weakest of them. A warning that not all have names those that have it.</summary>
    public static Facts Together(IReadOnlyList<(string Name, Facts Facts)> nodes)
    {
        if (nodes is [var (_, only)])
        {
            return only;
        }

        var all = nodes.Select(node => node.Facts).ToArray();
        var warnings = nodes.SelectMany(node => node.Facts.Warnings.Select(warning => (warning, node.Name))).GroupBy(pair => pair.warning, pair => pair.Name)
            .Select(warned => warned.Count() == nodes.Count ? warned.Key : $"{string.Join(", ", warned)}: {warned.Key}");
        return new Facts(all[0].Kind, all[0].Version, all.Min(node => node.Durability), all.Any(node => node.Evicts), [.. warnings])
        {
            History = HistoryOf(all.Select(node => node.History)),
            Replicas = all.Min(node => node.Replicas),
            AnswersFromDisk = all.All(node => node.AnswersFromDisk),
            CanTellOfDisk = all.All(node => node.CanTellOfDisk),
        };
    }

    /// <param name="histories">Of each node, in the order of their addresses.</param>
    public static string HistoryOf(IEnumerable<string> histories) => string.Join(',', histories);
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
