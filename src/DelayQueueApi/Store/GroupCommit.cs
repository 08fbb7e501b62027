using System.Threading.Channels;

namespace DelayQueueApi.Store;

/// <summary>
/// Lets operations that are asked for at the same time share script calls: while a few calls are in flight, what arrives is
/// gathered and sent with the next one. An operation that comes alone leaves at once.
/// </summary>
/// <param name="commit">Runs operations in one call and answers one reply for each, in order.</param>
/// <param name="weight">What an operation adds to a call, in the unit of <paramref name="maxWeight"/>.</param>
/// <param name="maxWeight">The most that one call carries; a heavier operation goes alone.</param>
internal sealed class GroupCommit<TOperation, TReply>(
    Func<IReadOnlyList<TOperation>, Task<IReadOnlyList<TReply>>> commit, Func<TOperation, int> weight, int maxWeight) : IAsyncDisposable
{
    private const int MaxOperations = 64;
    private const int MaxCalls = 4;
    private const int MaxWaiting = 10_000;

    private readonly Channel<Pending> waiting = Channel.CreateBounded<Pending>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly SemaphoreSlim calls = new(MaxCalls);
    private Task? pump;
    private int started;

    /// <exception cref="StoreException">The store could not be asked or did not answer; or too many operations wait.</exception>
    public Task<TReply> SubmitAsync(TOperation operation)
    {
        if (Interlocked.Exchange(ref started, 1) == 0)
        {
            pump = PumpAsync();
        }

        var pending = new Pending(operation);
        return waiting.Writer.TryWrite(pending)
            ? pending.Reply.Task
            : Task.FromException<TReply>(new StoreException(Applied.No, "Too many operations wait for the store."));
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await (pump ?? Task.CompletedTask);
        for (var call = 0; call < MaxCalls; call++)
        {
            await calls.WaitAsync();
        }

        calls.Dispose();
    }

    private async Task PumpAsync()
    {
        while (await waiting.Reader.WaitToReadAsync())
        {
            await calls.WaitAsync();
            _ = CommitAsync(Gather());
        }
    }

    private List<Pending> Gather()
    {
        var batch = new List<Pending>();
        var total = 0;
        while (batch.Count < MaxOperations && waiting.Reader.TryPeek(out var next))
        {
            total += weight(next.Operation);
            if (batch.Count > 0 && total > maxWeight)
            {
                break;
            }

            waiting.Reader.TryRead(out _);
            batch.Add(next);
        }

        return batch;
    }

    private async Task CommitAsync(List<Pending> batch)
    {
        try
        {
            var replies = await commit(batch.ConvertAll(pending => pending.Operation));
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Reply.SetResult(replies[i]);
            }
        }
#pragma warning disable CA1031 // Whatever went wrong belongs to those who asked; the pump must go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            batch.ForEach(pending => pending.Reply.TrySetException(error));
        }
        finally
        {
            calls.Release();
        }
    }

    private sealed record Pending(TOperation Operation)
    {
        public TaskCompletionSource<TReply> Reply { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
