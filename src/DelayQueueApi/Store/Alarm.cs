namespace DelayQueueApi.Store;

/// <summary>A timer that rings at the earliest instant that it was asked for, once. Whoever hears it asks anew.</summary>
internal sealed class Alarm(TimeProvider time, Action ring) : IDisposable
{
    /// <summary>Ringing too early costs a look.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private ITimer? timer;
    private long ringsAt = long.MaxValue;

    public void RingIn(TimeSpan delay)
    {
        delay = delay < Longest ? delay : Longest;
        lock (gate)
        {
            var at = time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
            if (at < ringsAt)
            {
                ringsAt = at;
                timer ??= time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                timer.Change(delay, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose() => timer?.Dispose();

    /// <summary>It may do so a little before its time, which is then asked for once more.</summary>
    private void Ring()
    {
        lock (gate)
        {
            ringsAt = long.MaxValue;
        }

        ring();
    }
}
