namespace DelayQueueApi.Store;

/// <summary>
/// Lets operations that are asked for at the same time share script calls: while a few calls are in flight, what arrives is
/// gathered and sent with the next one. An operation that comes alone leaves at once.
/// </summary>
/// <param name="commit">Runs operations in one call and answers one reply for each, in order.</param>
/// <param name="weight">What an operation adds to a call, in the unit of <paramref name="maxWeight"/>.</param>
/// <param name="maxWeight">The most that one call carries; a heavier operation goes alone.</param>
internal sealed class GroupCommit<TOperation, TReply>(
    Func<IReadOnlyList<TOperation>, Task<IReadOnlyList<TReply>>> commit, Func<TOperation, int> weight, int maxWeight) : IAsyncDisposable, IThreadPoolWorkItem
{
    private const int MaxOperations = 64;

    /// <summary>One that the store works on, and others on their ways.</summary>
    private const int MaxCalls = 4;

    private const int MaxWaiting = 10_000;

    private readonly Lock gate = new();
    private readonly Queue<Pending> waiting = new();
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int calls;
    private bool disposed;

    /// <exception cref="StoreException">The store could not be asked or did not answer; or too many operations wait.</exception>
    public Task<TReply> SubmitAsync(TOperation operation)
    {
        var pending = new Pending(operation);
        lock (gate)
        {
            if (disposed || waiting.Count >= MaxWaiting)
            {
                return Task.FromException<TReply>(new StoreException(
                    Applied.No, disposed ? "The service is stopping." : "Too many operations wait for the store."));
            }

            waiting.Enqueue(pending);
            if (calls == MaxCalls)
            {
                return pending.Task;
            }

            calls++;
        }

        // Behind the work that is there already: in a busy process it brings more operations for this call.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return pending.Task;
    }

    void IThreadPoolWorkItem.Execute() => _ = CommitAllAsync();

    /// <summary>Answers all that was submitted, then refuses the rest.</summary>
    public ValueTask DisposeAsync()
    {
        lock (gate)
        {
            disposed = true;
            if (calls == 0)
            {
                idle.TrySetResult();
            }
        }

        return new ValueTask(idle.Task);
    }

    private async Task CommitAllAsync()
    {
        while (Gather() is { } batch)
        {
            await CommitAsync(batch);
        }
    }

    /// <returns>What goes into the next call, or null where nothing waits and so the place of a call is free again.</returns>
    private Pending[]? Gather()
    {
        lock (gate)
        {
            if (waiting.Count == 0)
            {
                calls--;
                if (disposed && calls == 0)
                {
                    idle.TrySetResult();
                }

                return null;
            }

            var (count, total) = (0, 0L);
            foreach (var next in waiting)
            {
                total += weight(next.Operation);
                if (count == MaxOperations || (count > 0 && total > maxWeight))
                {
                    break;
                }

                count++;
            }

            var batch = new Pending[count];
            for (var i = 0; i < count; i++)
            {
                batch[i] = waiting.Dequeue();
            }

            return batch;
        }
    }

    private async Task CommitAsync(Pending[] batch)
    {
        try
        {
            var replies = await commit(Array.ConvertAll(batch, pending => pending.Operation));
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i].SetResult(replies[i]);
            }
        }
#pragma warning disable CA1031 // Whatever went wrong belongs to those who asked; the others go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            foreach (var pending in batch)
            {
                pending.TrySetException(error);
            }
        }
    }

    private sealed class Pending(TOperation operation) : TaskCompletionSource<TReply>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TOperation Operation => operation;
    }
}
