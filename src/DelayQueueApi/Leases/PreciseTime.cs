namespace DelayQueueApi.Leases;

/// <summary>
/// The system's time with timers that keep to it: those of the runtime count in coarse ticks and fire milliseconds late, which is
/// most of what a job would be late by. One thread sleeps until the next one-shot timer; periodic ones stay the runtime's.
/// </summary>
internal sealed class PreciseTime : TimeProvider, IDisposable
{
    private readonly object gate = new();
    private readonly SortedSet<OneShot> order = new(Comparer<OneShot>.Create((a, b) => a.Due != b.Due ? a.Due.CompareTo(b.Due) : a.Number.CompareTo(b.Number)));
    private Thread? thread;
    private long numbers;
    private bool stopped;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        var timer = new OneShot(this, Interlocked.Increment(ref numbers), callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Dispose()
    {
        lock (gate)
        {
            stopped = true;
            Monitor.Pulse(gate);
        }
    }

    /// <param name="due">Timestamp, or null for never.</param>
    private void Set(OneShot timer, long? due)
    {
        lock (gate)
        {
            order.Remove(timer);
            if (due is null || stopped)
            {
                return;
            }

            timer.Due = due.Value;
            order.Add(timer);
            if (thread is null)
            {
                thread = new Thread(Run) { IsBackground = true, Name = "Timers" };
                thread.Start();
            }
            else if (order.Min == timer)
            {
                Monitor.Pulse(gate);
            }
        }
    }

    private void Run()
    {
        lock (gate)
        {
            while (!stopped)
            {
                if (order.Min is not { } next)
                {
                    Monitor.Wait(gate);
                    continue;
                }

                var left = GetElapsedTime(GetTimestamp(), next.Due).TotalMilliseconds;
                if (left > 0)
                {
                    Monitor.Wait(gate, (int)Math.Min(Math.Ceiling(left), int.MaxValue));
                    continue;
                }

                order.Remove(next);
                ThreadPool.UnsafeQueueUserWorkItem(static due => due.Fire(), next, preferLocal: false);
            }
        }
    }

    private sealed class OneShot(PreciseTime owner, long number, TimerCallback callback, object? state) : ITimer
    {
        public long Number => number;

        public long Due { get; set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            owner.Set(this, dueTime == Timeout.InfiniteTimeSpan ? null : owner.GetTimestamp() + (long)(dueTime.TotalSeconds * owner.TimestampFrequency));
            return true;
        }

        public void Dispose() => owner.Set(this, due: null);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
