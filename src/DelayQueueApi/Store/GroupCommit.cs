namespace DelayQueueApi.Store;

/// <summary>
/// Lets operations that are asked for at the same time share script calls: while a call is in flight, what arrives is gathered and sent
/// with the next one, in order. An operation that comes alone leaves at once. One call at a time makes for fewer and larger ones
/// (docs/performance.md); what waits meanwhile is bounded in number and in time.
/// </summary>
/// <param name="commit">Runs operations in one call and answers one reply for each, in order.</param>
/// <param name="weight">What an operation adds to a call, in the unit of <paramref name="maxWeight"/>.</param>
/// <param name="maxWeight">The most that one call carries; a heavier operation goes alone.</param>
/// <param name="patience">How long an operation may wait for its call.</param>
internal sealed class GroupCommit<TOperation, TReply>(
    Func<IReadOnlyList<TOperation>, Task<IReadOnlyList<TReply>>> commit, Func<TOperation, int> weight, int maxWeight, TimeSpan patience, TimeProvider time)
    : IAsyncDisposable, IThreadPoolWorkItem
{
    /// <summary>A script of so many stalls others for less than 5 ms.</summary>
    private const int MaxOperations = 100;

    private const int MaxWaiting = 10_000;

    private readonly Lock gate = new();
    private readonly Queue<Pending> waiting = new();
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool committing;
    private bool disposed;

    /// <param name="operation">What to do.</param>
    /// <param name="cancellation">Before the operation is sent it takes it back; then it has no effect.</param>
    /// <exception cref="StoreException">The store could not be asked or did not answer; or too many operations wait, or this one for too long.</exception>
    public Task<TReply> SubmitAsync(TOperation operation, CancellationToken cancellation = default)
    {
        var pending = new Pending(operation, time.GetTimestamp(), cancellation);
        lock (gate)
        {
            if (disposed || waiting.Count >= MaxWaiting)
            {
                return Task.FromException<TReply>(new StoreException(
                    Applied.No, disposed ? "The service is stopping." : "Too many operations wait for the store."));
            }

            waiting.Enqueue(pending);
            if (committing)
            {
                return pending.Task;
            }

            committing = true;
        }

        CommitLater();
        return pending.Task;
    }

    /// <summary>Refuses what comes from now on, and answers what was submitted.</summary>
    public ValueTask DisposeAsync()
    {
        lock (gate)
        {
            disposed = true;
            if (!committing)
            {
                idle.TrySetResult();
            }
        }

        return new ValueTask(idle.Task);
    }

    void IThreadPoolWorkItem.Execute() => _ = CommitNextAsync();

    private async Task CommitNextAsync()
    {
        if (Gather() is { } batch)
        {
            if (batch.Count > 0)
            {
                await CommitAsync(batch);
            }

            CommitLater();
        }
    }

    /// <summary>Behind the work that is there already: in a busy process it brings more operations for the call.</summary>
    private void CommitLater() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    /// <returns>What goes into the next call, or null where nothing waits.</returns>
    private List<Pending>? Gather()
    {
        lock (gate)
        {
            if (waiting.Count == 0)
            {
                committing = false;
                if (disposed)
                {
                    idle.TrySetResult();
                }

                return null;
            }

            var batch = new List<Pending>(Math.Min(waiting.Count, MaxOperations));
            var total = 0L;
            while (batch.Count < MaxOperations && waiting.TryPeek(out var next))
            {
                if (!IsLeft(next))
                {
                    total += weight(next.Operation);
                    if (batch.Count > 0 && total > maxWeight)
                    {
                        break;
                    }

                    batch.Add(next);
                }

                waiting.Dequeue();
            }

            return batch;
        }
    }

    /// <summary>True where nobody waits for the operation any more.</summary>
    private bool IsLeft(Pending pending) =>
        pending.Cancellation.IsCancellationRequested ? pending.TrySetCanceled(pending.Cancellation)
        : time.GetElapsedTime(pending.Since) > patience && pending.TrySetException(new StoreException(Applied.No, "The store is too slow: the operation was not sent in time."));

    private async Task CommitAsync(List<Pending> batch)
    {
        try
        {
            var replies = await commit(batch.ConvertAll(pending => pending.Operation));
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].SetResult(replies[i]);
            }
        }
#pragma warning disable CA1031 // Whatever went wrong belongs to those who asked; the others go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            batch.ForEach(pending => pending.TrySetException(error));
        }
    }

    private sealed class Pending(TOperation operation, long since, CancellationToken cancellation)
        : TaskCompletionSource<TReply>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TOperation Operation => operation;

        public long Since => since;

        public CancellationToken Cancellation => cancellation;
    }
}
