namespace DelayQueueApi.Faults.Histories;

/// <summary>
/// What the store's clock shows at a moment of the run. An instant that an answer tells lies before the answer, and that of a lease behind the
/// beginning of its claim; the quickest calls bound all others. Holds while neither clock is set.
/// </summary>
/// <param name="told">Instants of the store, with the beginning of the call where the instant lies behind it.</param>
internal sealed class StoreTime(IEnumerable<(DateTimeOffset Instant, long? Began, long Ended)> told)
{
    private readonly long? least = told.Select(each => (long?)(Micros(each.Instant) - each.Ended)).Max();
    private readonly long? most = told.Select(each => Micros(each.Instant) + 1_000 - each.Began).Min();

    /// <summary>Whether a call that began then was sent after the instant had passed.</summary>
    public bool IsSurelyPast(DateTimeOffset instant, long began) => least is not null && began + least > Micros(instant);

    /// <summary>Whether a call that ended then was answered before the instant had come.</summary>
    public bool IsSurelyAhead(DateTimeOffset instant, long ended) => most is not null && ended < long.MaxValue && ended + most < Micros(instant);

    /// <returns>µs of the run's clock at which the instant has surely passed.</returns>
    public long SurelyPast(DateTimeOffset instant) => least is null ? long.MaxValue : Micros(instant) - least.Value;

    private static long Micros(DateTimeOffset instant) => instant.ToUnixTimeMilliseconds() * 1_000;
}
