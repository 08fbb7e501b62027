using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Leases;

/// <summary>
/// Tells waiting claims when to look again. A wake-up is only a hint: the claim itself finds out what is due, so that one too
/// many costs a look and a lost one a second. Woken claims wake others while more is due, so that a burst finds all waiters.
/// </summary>
internal sealed partial class Wakeups(StoreConnection connection, PartitionKeys keys, TimeProvider time, ILogger<Wakeups> log) : BackgroundService
{
    private static readonly TimeSpan SafetyTick = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Line> lines = [];
    private readonly string instance = Guid.NewGuid().ToString("N");

    /// <summary>A line to stand in, for a claim over these queues. Dispose it to leave.</summary>
    public Waiter Join(IReadOnlyList<string> queues)
    {
        var waiter = new Waiter(this, queues);
        lock (gate)
        {
            foreach (var queue in queues)
            {
                if (!lines.TryGetValue(queue, out var line))
                {
                    lines[queue] = line = new Line();
                }

                line.Waiters.AddLast(waiter);
            }
        }

        return waiter;
    }

    /// <summary>How many claims wait for a queue in this process.</summary>
    public int CountWaiting(string queue)
    {
        lock (gate)
        {
            return lines.TryGetValue(queue, out var line) ? line.Waiters.Count : 0;
        }
    }

    /// <summary>A queue has a new first job, here: wakes a claim in this process and tells the other instances.</summary>
    public void Announce(string queue)
    {
        Wake(queue);
        if (!connection.IsEmbedded)
        {
            _ = PublishAsync(queue);
        }
    }

    /// <summary>What a claim has seen of a queue.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="ms">As ClaimJobs.lua answers: ms until it may have a due job, 0 for now, less than 0 for unknown.</param>
    public void Expect(string queue, long ms)
    {
        if (ms == 0)
        {
            Wake(queue, count: 2);
        }
        else if (ms > 0)
        {
            lock (gate)
            {
                if (lines.TryGetValue(queue, out var line))
                {
                    line.WakeIn(TimeSpan.FromMilliseconds(Math.Min(ms, 3_600_000)), time, () => TimeIsUp(queue, line));
                }
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var subscribed = connection.IsEmbedded;
        using var tick = new PeriodicTimer(SafetyTick, time);
        using var stop = stoppingToken.Register(tick.Dispose);
        do
        {
            subscribed = subscribed || await TrySubscribeAsync();
            foreach (var queue in Queues())
            {
                Wake(queue);
            }
        }
        while (await tick.WaitForNextTickAsync(CancellationToken.None));
    }

    private void TimeIsUp(string queue, Line line)
    {
        lock (gate)
        {
            line.Disarm();
        }

        Wake(queue);
    }

    private void Wake(string queue, int count = 1)
    {
        lock (gate)
        {
            if (lines.TryGetValue(queue, out var line))
            {
                foreach (var waiter in line.Waiters.Where(waiter => !waiter.IsWoken).Take(count))
                {
                    waiter.Wake(queue);
                }
            }
        }
    }

    private List<string> Queues()
    {
        lock (gate)
        {
            return [.. lines.Keys];
        }
    }

    private void Leave(Waiter waiter)
    {
        lock (gate)
        {
            foreach (var queue in waiter.Queues)
            {
                var line = lines[queue];
                line.Waiters.Remove(waiter);
                if (line.Waiters.Count == 0)
                {
                    line.Dispose();
                    lines.Remove(queue);
                }
            }
        }

        // A hint that this claim did not follow belongs to the next in line.
        if (waiter.IsWoken)
        {
            Wake(waiter.WokenBy!);
        }
    }

    private async Task PublishAsync(string queue)
    {
        try
        {
            var subscriber = await connection.SubscriberAsync();
            await subscriber.PublishAsync(keys.Wake, $"{instance} {queue}", CommandFlags.FireAndForget);
        }
        catch (Exception error) when (StoreException.From(error) is not null)
        {
            LogHintLost(error.Message);
        }
    }

    private async Task<bool> TrySubscribeAsync()
    {
        try
        {
            var subscriber = await connection.SubscriberAsync();
            await subscriber.SubscribeAsync(keys.Wake, (_, message) =>
            {
                if (((string?)message)?.Split(' ') is [var from, var queue] && from != instance)
                {
                    Wake(queue);
                }
            });
            return true;
        }
        catch (Exception error) when (StoreException.From(error) is not null)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Debug, "A hint to the other instances is lost; they look by themselves within a second. {Reason}")]
    private partial void LogHintLost(string reason);

    /// <summary>A claim's place in the lines of its queues.</summary>
    internal sealed class Waiter(Wakeups owner, IReadOnlyList<string> queues) : IDisposable
    {
        private TaskCompletionSource signal = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<string> Queues => queues;

        public bool IsWoken => signal.Task.IsCompleted;

        public string? WokenBy { get; private set; }

        /// <summary>Completes when it is time to look again.</summary>
        public Task Woken => signal.Task;

        /// <summary>Call before looking: what is hinted from now on is about what the look may miss.</summary>
        public void Rearm()
        {
            lock (owner.gate)
            {
                if (IsWoken)
                {
                    signal = new(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
        }

        /// <summary>Called by its owner, under the gate.</summary>
        public void Wake(string queue)
        {
            WokenBy = queue;
            signal.TrySetResult();
        }

        public void Dispose() => owner.Leave(this);
    }

    /// <summary>Who waits for a queue, longest waiting first, and the timer of its next event.</summary>
    private sealed class Line : IDisposable
    {
        private ITimer? timer;
        private long dueAt = long.MaxValue;

        public LinkedList<Waiter> Waiters { get; } = [];

        /// <summary>The earliest of what was asked for holds: waking too early costs one look.</summary>
        public void WakeIn(TimeSpan delay, TimeProvider time, Action timeIsUp)
        {
            var at = time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
            if (at < dueAt)
            {
                dueAt = at;
                timer ??= time.CreateTimer(_ => timeIsUp(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                timer.Change(delay, Timeout.InfiniteTimeSpan);
            }
        }

        /// <summary>The timer has fired. It may have done so a little before its time, which is then asked for once more.</summary>
        public void Disarm() => dueAt = long.MaxValue;

        public void Dispose() => timer?.Dispose();
    }
}
