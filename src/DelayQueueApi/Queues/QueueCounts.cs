using StackExchange.Redis;

namespace DelayQueueApi.Queues;

/// <summary>What is known of a queue, in one partition or in all of them.</summary>
/// <param name="Now">The store's clock.</param>
/// <param name="EarliestRunAt">Of the jobs that no worker holds.</param>
/// <param name="Totals">How often things have happened, by the names in docs/keyspace.md.</param>
internal sealed record QueueCounts(
    QueueName Queue, DateTimeOffset Now, long Scheduled, long Ready, long Leased, long Dead, long Completed, long Expired, DateTimeOffset? EarliestRunAt,
    bool Paused, IReadOnlyDictionary<string, long> Totals, QueueRates Rates, IReadOnlyList<SeenWorker> Workers, QueueSettings Settings)
{
    private static readonly string[] TotalNames =
        ["created", "claimed", "acked", "nacked", "leasesExpired", "released", "cancelled", "expired", "died", "redriven", "purged"];

    /// <summary>Whether it has no jobs that are not finished, and no dead ones.</summary>
    public bool IsEmpty => Scheduled + Ready + Leased + Dead == 0;

    /// <param name="reply">Ten values, as GetQueue.lua answers.</param>
    public static QueueCounts From(QueueName queue, ReadOnlySpan<RedisResult> reply)
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds((long)reply[1]);
        var stats = reply[9].ToDictionary();
        var totals = TotalNames.ToDictionary(name => name, name => stats.TryGetValue(name, out var count) ? (long)count : 0);
        return new QueueCounts(
            queue, now, (long)reply[2], (long)reply[3], (long)reply[4], (long)reply[5], (long)reply[6], (long)reply[7],
            long.TryParse((string?)reply[8], out var earliest) ? DateTimeOffset.FromUnixTimeMilliseconds(earliest) : null,
            stats.ContainsKey("paused"), totals,
            QueueRates.From(Bytes("recent"), [totals["created"], totals["claimed"], totals["acked"], totals["nacked"], totals["leasesExpired"]], now),
            SeenWorker.From(Bytes("workers"), now),
            QueueSettings.FromStored(stats.TryGetValue("settings", out var settings) ? (string)settings! : ""));

        byte[] Bytes(string what) => stats.TryGetValue(what, out var bytes) ? (byte[])bytes! : [];
    }

    /// <param name="parts">What single partitions know of the queue.</param>
    /// <returns>Null where none does.</returns>
    public static QueueCounts? Sum(IReadOnlyList<QueueCounts> parts) => parts.Count == 0 ? null : parts.Skip(1).Aggregate(parts[0], (sum, part) => new QueueCounts(
        sum.Queue, part.Now > sum.Now ? part.Now : sum.Now, sum.Scheduled + part.Scheduled, sum.Ready + part.Ready, sum.Leased + part.Leased, sum.Dead + part.Dead,
        sum.Completed + part.Completed, sum.Expired + part.Expired, part.EarliestRunAt < sum.EarliestRunAt ? part.EarliestRunAt : sum.EarliestRunAt ?? part.EarliestRunAt,
        sum.Paused || part.Paused, TotalNames.ToDictionary(name => name, name => sum.Totals[name] + part.Totals[name]), sum.Rates.And(part.Rates),
        SeenWorker.Union(sum.Workers, part.Workers), sum.Settings.AndShare(part.Settings)));
}
