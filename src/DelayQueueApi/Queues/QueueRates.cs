using DelayQueueApi.Store;

namespace DelayQueueApi.Queues;

/// <summary>How often things happen to a queue's jobs.</summary>
/// <param name="OneMinute">Over the last minute, to some 15 s.</param>
/// <param name="FiveMinutes">Over the last five minutes, to some 15 s.</param>
internal sealed record QueueRates(Rates OneMinute, Rates FiveMinutes)
{
    private const int TickMs = 15_000;
    private const int Totals = 5;
    private const int NoteBytes = 6 * (1 + Totals);

    /// <param name="recent">What Work.lua has noted: the totals at the first change of each tick, the newest first.</param>
    /// <param name="totals">The same totals as they are now.</param>
    public static QueueRates From(ReadOnlySpan<byte> recent, ReadOnlySpan<long> totals, DateTimeOffset now) =>
        new(Over(TimeSpan.FromMinutes(1), recent, totals, now), Over(TimeSpan.FromMinutes(5), recent, totals, now));

    public QueueRates And(QueueRates other) => new(OneMinute.And(other.OneMinute), FiveMinutes.And(other.FiveMinutes));

    private static Rates Over(TimeSpan span, ReadOnlySpan<byte> recent, ReadOnlySpan<long> totals, DateTimeOffset now)
    {
        var since = (now - span).ToUnixTimeMilliseconds();
        // The earliest note of the span: nothing has happened between the span's begin and that note's tick.
        Span<long> before = stackalloc long[Totals];
        totals.CopyTo(before);
        for (; recent.Length >= NoteBytes && (Number(recent, 0) + 1) * TickMs > since; recent = recent[NoteBytes..])
        {
            since = Math.Min(since, Number(recent, 0) * TickMs);
            for (var i = 0; i < Totals; i++)
            {
                before[i] = Number(recent, 1 + i);
            }
        }

        var seconds = (now.ToUnixTimeMilliseconds() - since) / 1000.0;
        return new Rates(
            PerSecond(totals[0] - before[0]), PerSecond(totals[1] - before[1]), PerSecond(totals[2] - before[2]),
            PerSecond(totals[3] - before[3]), PerSecond(totals[4] - before[4]));

        double PerSecond(long count) => Math.Round(count / seconds, 3);
    }

    private static long Number(ReadOnlySpan<byte> note, int index) => Stored.U48(note[(6 * index)..]);
}

/// <summary>Times a second.</summary>
/// <param name="Created">Jobs made.</param>
/// <param name="Claimed">Leases given.</param>
/// <param name="Acked">Jobs finished.</param>
/// <param name="Nacked">Attempts given back as failed.</param>
/// <param name="LeasesExpired">Leases that ran out.</param>
internal sealed record Rates(double Created, double Claimed, double Acked, double Nacked, double LeasesExpired)
{
    public Rates And(Rates other) => new(
        Sum(Created, other.Created), Sum(Claimed, other.Claimed), Sum(Acked, other.Acked), Sum(Nacked, other.Nacked), Sum(LeasesExpired, other.LeasesExpired));

    private static double Sum(double one, double other) => Math.Round(one + other, 3);
}
