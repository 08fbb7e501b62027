using System.Diagnostics;
using DelayQueueApi.Telemetry;

namespace DelayQueueApi.Store;

/// <summary>
/// Lets operations that are asked for at the same time share script calls: while a call is in flight, what arrives is gathered and sent
/// with the next one, in order. An operation that comes alone leaves at once. One call at a time makes for fewer and larger ones;
/// others leave beside it only where they are full, so that the store has the next work when it is done with the last
/// (docs/performance.md). What waits meanwhile is bounded in number and in time.
/// </summary>
/// <param name="commit">Runs operations in one call and answers one reply for each, in order. The call is on its way when it returns.</param>
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
    private const int MaxCalls = 3;

    private readonly Lock sending = new();
    private readonly Lock gate = new();
    private readonly Queue<Pending> waiting = new();
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int operationsWaiting;
    private long weightWaiting;
    private int calls;
    private bool disposed;

    private bool IsFull => operationsWaiting >= MaxOperations || weightWaiting >= maxWeight;

    /// <param name="operation">What to do.</param>
    /// <param name="cancellation">Before the operation is sent it takes it back; then it has no effect.</param>
    /// <exception cref="StoreException">The store could not be asked or did not answer; or too many operations wait, or this one for too long.</exception>
    public Task<TReply> SubmitAsync(TOperation operation, CancellationToken cancellation = default)
    {
        var one = new One(operation, weight(operation), time.GetTimestamp(), cancellation);
        Submit(one);
        return one.Reply;
    }

    /// <summary>As if each was submitted, in order; as many at a time as fit into one call do stay together.</summary>
    /// <returns>For each its reply, or why there is none.</returns>
    public async Task<IReadOnlyList<(TReply? Reply, StoreException? Failure)>> SubmitAllAsync(IReadOnlyList<TOperation> operations)
    {
        var parts = Parts(operations).ToArray();
        Array.ForEach(parts, Submit);
        var outcomes = new List<(TReply?, StoreException?)>(operations.Count);
        foreach (var part in parts)
        {
            try
            {
                outcomes.AddRange((await part.Replies).Select(reply => ((TReply?)reply, (StoreException?)null)));
            }
            catch (StoreException failure)
            {
                outcomes.AddRange(part.Operations.Select(_ => (default(TReply?), (StoreException?)failure)));
            }
        }

        return outcomes;
    }

    /// <summary>Refuses what comes from now on, and answers what was submitted.</summary>
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

    void IThreadPoolWorkItem.Execute() => _ = CommitNextAsync();

    private IEnumerable<Many> Parts(IReadOnlyList<TOperation> operations)
    {
        var part = new List<TOperation>();
        var total = 0L;
        foreach (var operation in operations)
        {
            var added = weight(operation);
            if (part.Count == MaxOperations || (part.Count > 0 && total + added > maxWeight))
            {
                yield return new Many(part, total, time.GetTimestamp());
                (part, total) = ([], 0);
            }

            part.Add(operation);
            total += added;
        }

        if (part.Count > 0)
        {
            yield return new Many(part, total, time.GetTimestamp());
        }
    }

    private void Submit(Pending pending)
    {
        lock (gate)
        {
            if (disposed || operationsWaiting >= MaxWaiting)
            {
                pending.Fail(new StoreException(Applied.No, disposed ? "The service is stopping." : "Too many operations wait for the store."));
                return;
            }

            waiting.Enqueue(pending);
            operationsWaiting += pending.Count;
            weightWaiting += pending.Weight;
            if (calls == 0 || (calls < MaxCalls && IsFull))
            {
                calls++;
                CommitLater();
            }
        }
    }

    /// <summary>Behind the work that is there already: in a busy process it brings more operations for the call.</summary>
    private void CommitLater() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    private async Task CommitNextAsync()
    {
        List<Pending> batch;
        Task<IReadOnlyList<TReply>> call;
        // What is gathered first is sent first.
        lock (sending)
        {
            batch = Gather();
            // What is sent for several requests belongs to the trace of the first that has one.
            Activity.Current = batch.Find(pending => pending.Span is not null)?.Span;
            call = batch.Count == 0 ? Task.FromResult<IReadOnlyList<TReply>>([]) : commit(OperationsOf(batch));
        }

        await AnswerAsync(batch, call);
        lock (gate)
        {
            if (waiting.Count > 0 && (calls == 1 || IsFull))
            {
                CommitLater();
            }
            else if (--calls == 0 && disposed)
            {
                idle.TrySetResult();
            }
        }
    }

    /// <returns>What goes into the next call; nothing where another is under way and it would not be full.</returns>
    private List<Pending> Gather()
    {
        var batch = new List<Pending>();
        var (count, total) = (0, 0L);
        lock (gate)
        {
            while ((calls == 1 || count > 0 || IsFull) && waiting.TryPeek(out var next))
            {
                if (!IsLeft(next))
                {
                    count += next.Count;
                    total += next.Weight;
                    if (batch.Count > 0 && (count > MaxOperations || total > maxWeight))
                    {
                        break;
                    }

                    batch.Add(next);
                }

                waiting.Dequeue();
                operationsWaiting -= next.Count;
                weightWaiting -= next.Weight;
            }
        }

        return batch;
    }

    private static List<TOperation> OperationsOf(List<Pending> batch)
    {
        var operations = new List<TOperation>(batch.Count);
        foreach (var pending in batch)
        {
            pending.AddTo(operations);
        }

        return operations;
    }

    /// <summary>True where nobody waits for the operation any more.</summary>
    private bool IsLeft(Pending pending)
    {
        if (pending.TryCancel())
        {
            return true;
        }

        var isLate = time.GetElapsedTime(pending.Since) > patience;
        if (isLate)
        {
            pending.Fail(new StoreException(Applied.No, "The store is too slow: the operation was not sent in time."));
        }

        return isLate;
    }

    private static async Task AnswerAsync(List<Pending> batch, Task<IReadOnlyList<TReply>> call)
    {
        try
        {
            var replies = await call;
            var first = 0;
            foreach (var pending in batch)
            {
                pending.Answer(replies, first);
                first += pending.Count;
            }
        }
#pragma warning disable CA1031 // Whatever went wrong belongs to those who asked; the others go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            batch.ForEach(pending => pending.Fail(error));
        }
    }

    /// <summary>What was submitted together, and so goes into one call.</summary>
    private abstract class Pending(int count, long weight, long since)
    {
        public int Count => count;

        public long Weight => weight;

        public long Since => since;

        /// <summary>Of the request, where it is traced.</summary>
        public Activity? Span { get; } = Spans.Sampled;

        public abstract void AddTo(List<TOperation> operations);

        /// <summary>Takes its own out of the replies of a call, and does nothing where it has an answer.</summary>
        public abstract void Answer(IReadOnlyList<TReply> replies, int first);

        public abstract void Fail(Exception error);

        /// <returns>True where its client has gone.</returns>
        public abstract bool TryCancel();
    }

    private sealed class One(TOperation operation, long weight, long since, CancellationToken cancellation) : Pending(1, weight, since)
    {
        private readonly TaskCompletionSource<TReply> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<TReply> Reply => reply.Task;

        public override void AddTo(List<TOperation> operations) => operations.Add(operation);

        public override void Answer(IReadOnlyList<TReply> replies, int first) => reply.TrySetResult(replies[first]);

        public override void Fail(Exception error) => reply.TrySetException(error);

        public override bool TryCancel() => cancellation.IsCancellationRequested && reply.TrySetCanceled(cancellation);
    }

    private sealed class Many(IReadOnlyList<TOperation> operations, long weight, long since) : Pending(operations.Count, weight, since)
    {
        private readonly TaskCompletionSource<IReadOnlyList<TReply>> replies = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<TOperation> Operations => operations;

        public Task<IReadOnlyList<TReply>> Replies => replies.Task;

        public override void AddTo(List<TOperation> all) => all.AddRange(operations);

        public override void Answer(IReadOnlyList<TReply> all, int first) => replies.TrySetResult(all.Count == Count ? all : [.. all.Skip(first).Take(Count)]);

        public override void Fail(Exception error) => replies.TrySetException(error);

        public override bool TryCancel() => false;
    }
}
