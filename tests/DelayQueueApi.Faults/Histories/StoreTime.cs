namespace DelayQueueApi.Faults.Histories;

/// <summary>
/// What the store's clock shows at least at a moment of the run. Every answer that tells an instant of the store came after that
/// instant; the answer that was quickest bounds all others. Holds while neither clock is set.
/// </summary>
internal sealed class StoreTime(IEnumerable<(DateTimeOffset Instant, long Ended)> told)
{
    private readonly long? offset = told.Select(each => (long?)(Micros(each.Instant) - each.Ended)).Max();

    /// <summary>Whether a call that began then was sent after the instant had passed.</summary>
    public bool IsSurelyPast(DateTimeOffset instant, long began) => offset is not null && began + offset > Micros(instant);

    /// <returns>µs of the run's clock at which the instant has surely passed.</returns>
    public long SurelyPast(DateTimeOffset instant) => offset is null ? long.MaxValue : Micros(instant) - offset.Value;

    private static long Micros(DateTimeOffset instant) => instant.ToUnixTimeMilliseconds() * 1_000;
}
