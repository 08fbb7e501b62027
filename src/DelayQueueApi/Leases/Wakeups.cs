using DelayQueueApi.Queues;
using DelayQueueApi.Store;

namespace DelayQueueApi.Leases;

/// <summary>
/// Tells waiting claims when to look again. A wake-up is only a hint: the claim itself finds out what is due, so that one too
/// many costs a look and a lost one a second (Lookout). Woken claims wake others while more is due, so that a burst finds all waiters.
/// </summary>
internal sealed class Wakeups(WakeupHints hints, TimeProvider time)
{
    /// <summary>µs by which a claim is woken sooner than a job is due: it needs longer than that to get to the store, and timers count in whole ms.</summary>
    private const int Lead = 500;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Line> lines = [];

    /// <summary>A line to stand in, for a claim over these queues. Dispose it to leave.</summary>
    public Waiter Join(IEnumerable<string> queues)
    {
        lock (gate)
        {
            return new Waiter(this, [.. queues.Select(LineOf)]);
        }
    }

    /// <summary>The queues that claims in this process wait for.</summary>
    public IReadOnlyList<string> Queues()
    {
        lock (gate)
        {
            return [.. lines.Keys];
        }
    }

    /// <summary>How many claims wait for a queue in this process.</summary>
    public int CountWaiting(string queue)
    {
        lock (gate)
        {
            return lines.TryGetValue(queue, out var line) ? line.Waiting : 0;
        }
    }

    /// <summary>A queue has a new first job, here: wakes a claim in this process and tells the other instances.</summary>
    public void Announce(string queue)
    {
        Wake(queue);
        hints.Give(queue);
    }

    /// <summary>There may be more for others, after a claim that has not looked everywhere.</summary>
    public void WakeNext(IEnumerable<QueueName> queues)
    {
        foreach (var queue in queues)
        {
            Wake(queue.Stored);
        }
    }

    /// <summary>What somebody has seen of a queue.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="micros">µs until it may have a due job, 0 for now, less than 0 for unknown or nothing in sight.</param>
    public void Expect(string queue, long micros)
    {
        if (micros == 0)
        {
            Wake(queue, count: 2);
        }
        else if (micros > 0)
        {
            lock (gate)
            {
                if (lines.TryGetValue(queue, out var line))
                {
                    line.Alarm.RingIn(TimeSpan.FromMicroseconds(Math.Max(0, micros - Lead)));
                }
            }
        }
    }

    /// <summary>Every waiting claim looks again.</summary>
    public void WakeAll()
    {
        foreach (var queue in Queues())
        {
            Wake(queue, int.MaxValue);
        }
    }

    /// <summary>Listens to the hints of other instances from now on; where the store is away, not until it is called again.</summary>
    public Task SubscribeAsync() => hints.SubscribeAsync(queue => Wake(queue));

    private Line LineOf(string queue)
    {
        if (!lines.TryGetValue(queue, out var line))
        {
            lines[queue] = line = new Line(queue, new Alarm(time, () => Wake(queue)));
        }

        return line;
    }

    private void Wake(string queue, int count = 1)
    {
        lock (gate)
        {
            if (lines.TryGetValue(queue, out var line))
            {
                for (; count > 0 && line.Asleep.First is { Value: var first }; count--)
                {
                    first.Wake(line);
                }
            }
        }
    }

    private void CloseIfEmpty(Line line)
    {
        if (line.Waiting == 0)
        {
            line.Alarm.Dispose();
            lines.Remove(line.Queue);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Who waits for a queue.</summary>
    internal sealed class Line(string queue, Alarm alarm)
    {
        public string Queue => queue;

        /// <summary>Rings when the queue may have a due job.</summary>
        public Alarm Alarm => alarm;

        /// <summary>Those that are not woken, longest waiting first.</summary>
        public LinkedList<Waiter> Asleep { get; } = [];

        /// <summary>All, also those that look again now.</summary>
        public int Waiting { get; set; }
    }

    /// <summary>A claim's place in the lines of its queues.</summary>
    internal sealed class Waiter : IDisposable
    {
        private readonly Wakeups owner;
        private readonly (Line Line, LinkedListNode<Waiter> Place)[] places;
        private TaskCompletionSource signal = NewSignal();
        private Line? wokenBy;

        /// <summary>Called by its owner, under the gate.</summary>
        public Waiter(Wakeups owner, IEnumerable<Line> lines)
        {
            (this.owner, places) = (owner, [.. lines.Select(line => (line, line.Asleep.AddLast(this)))]);
            foreach (var (line, _) in places)
            {
                line.Waiting++;
            }
        }

        public bool IsWoken => Woken.IsCompleted;

        /// <summary>Completes when it is time to look again.</summary>
        public Task Woken => signal.Task;

        /// <summary>Call before looking: what is hinted from now on is about what the look may miss.</summary>
        public void Rearm()
        {
            lock (owner.gate)
            {
                if (wokenBy is not null)
                {
                    (signal, wokenBy) = (NewSignal(), null);
                    foreach (var (line, place) in places)
                    {
                        line.Asleep.AddFirst(place);
                    }
                }
            }
        }

        /// <summary>Called by its owner, under the gate.</summary>
        public void Wake(Line by)
        {
            wokenBy = by;
            LeaveSleepers();
            signal.SetResult();
        }

        public void Dispose()
        {
            lock (owner.gate)
            {
                if (wokenBy is null)
                {
                    LeaveSleepers();
                }

                foreach (var (line, _) in places)
                {
                    line.Waiting--;
                    owner.CloseIfEmpty(line);
                }

                // A hint that this claim did not follow belongs to the next in line.
                if (wokenBy is not null)
                {
                    owner.Wake(wokenBy.Queue);
                }
            }
        }

        private void LeaveSleepers()
        {
            foreach (var (line, place) in places)
            {
                line.Asleep.Remove(place);
            }
        }
    }
}
