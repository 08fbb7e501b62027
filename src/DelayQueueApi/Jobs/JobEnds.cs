using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Jobs;

/// <summary>
/// Waits for jobs to end. The scripts publish the id of a watched job that has ended; that is only a hint to look again, and a lost
/// one costs a few seconds. What time alone brings about, such as the end of a lease, is waited for by its instant.
/// </summary>
internal sealed class JobEnds(JobStore jobs, StoreConnection connection, Partitions partitions, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan SafetyTick = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();

    private readonly Dictionary<string, Watch> watches = [];
    private int waiting;
    private Task? subscription;
    private IConnectionMultiplexer? subscribed;

    /// <summary>How many calls wait.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Waits until a job has ended, for as long as it may take; less where the service stops.</summary>
    /// <returns>The job as it is then and the store's clock, or null where it is gone.</returns>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async Task<(JobRecord Job, DateTimeOffset Now)?> WaitAsync(JobId id, TimeSpan wait, CancellationToken client)
    {
        var started = time.GetTimestamp();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(client, lifetime.ApplicationStopping);
        while (true)
        {
            await SubscribeAsync();
            // Before looking: what is told from now on is about what the look may miss.
            var watch = Join(id.Text);
            try
            {
                var found = await jobs.GetAsync(id, watch: true);
                var left = wait - time.GetElapsedTime(started);
                if (found is not var (job, now) || HasEnded(job, now) || left <= TimeSpan.Zero || leave.IsCancellationRequested)
                {
                    client.ThrowIfCancellationRequested();
                    return found;
                }

                await SleepAsync(watch.Signal.Task, Min(left, EndsByItself(job) - now ?? SafetyTick, SafetyTick), leave.Token);
            }
            finally
            {
                Leave(id.Text, watch);
            }
        }
    }

    private Watch Join(string id)
    {
        lock (gate)
        {
            if (!watches.TryGetValue(id, out var watch))
            {
                watches[id] = watch = new Watch();
            }

            watch.Waiters++;
            return watch;
        }
    }

    private void Leave(string id, Watch watch)
    {
        lock (gate)
        {
            if (--watch.Waiters == 0 && watches.GetValueOrDefault(id) == watch)
            {
                watches.Remove(id);
            }
        }
    }

    /// <summary>Whoever waits for the job looks again, and watches anew if need be.</summary>
    private void Tell(string id)
    {
        lock (gate)
        {
            if (watches.Remove(id, out var watch))
            {
                watch.Signal.SetResult();
            }
        }
    }

    private static bool HasEnded(JobRecord job, DateTimeOffset now) => Job.StateOf(job, now) is JobState.Completed or JobState.Expired or JobState.Dead;

    /// <summary>The instant at which the job ends if nobody does anything, or null.</summary>
    private static DateTimeOffset? EndsByItself(JobRecord job) =>
        job.State == StoredState.Leased && (job.CancelRequested || job.Attempt >= job.MaxAttempts) ? job.At : job.StartBy;

    private static TimeSpan Min(params ReadOnlySpan<TimeSpan> spans)
    {
        var least = spans[0];
        foreach (var span in spans)
        {
            least = span < least ? span : least;
        }

        return least;
    }

    private async Task SleepAsync(Task signal, TimeSpan atMost, CancellationToken leave)
    {
        var sleep = signal.WaitAsync(atMost, time, leave);
        Interlocked.Increment(ref waiting);
        await sleep.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref waiting);
    }

    /// <summary>Whoever comes first subscribes, and the others wait for that; anew where it failed, or the connection is another one.</summary>
    private async Task SubscribeAsync()
    {
        try
        {
            var subscriber = await connection.SubscriberAsync();
            Task listening;
            lock (gate)
            {
                if (subscription is null or { IsFaulted: true } || subscriber.Multiplexer != subscribed)
                {
                    subscription = Task.WhenAll(partitions.Select(partition => subscriber.SubscribeAsync(
                        partition.Ended, (_, id) => Tell(JobId.FromStored(partition.Number, (byte[])id!).Text))));
                    subscribed = subscriber.Multiplexer;
                }

                listening = subscription;
            }

            await listening;
        }
        catch (Exception error) when (StoreException.From(error) is { } known)
        {
            throw known;
        }
    }

    /// <summary>What those who wait for one job's end share.</summary>
    private sealed class Watch
    {
        public TaskCompletionSource Signal { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Waiters { get; set; }
    }
}
