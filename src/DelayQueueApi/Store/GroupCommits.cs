namespace DelayQueueApi.Store;

/// <summary>A <see cref="GroupCommit{TOperation,TReply}"/> for each partition: a script call works on one of them.</summary>
internal sealed class GroupCommits<TOperation, TReply>(
    Partitions partitions, Func<PartitionKeys, IReadOnlyList<TOperation>, Task<IReadOnlyList<TReply>>> commit, Func<TOperation, int> weight, int maxWeight, TimeSpan patience)
    : IAsyncDisposable
{
    private readonly GroupCommit<TOperation, TReply>[] all =
        [.. partitions.Select(partition => new GroupCommit<TOperation, TReply>(operations => commit(partition, operations), weight, maxWeight, patience, TimeProvider.System))];

    /// <inheritdoc cref="GroupCommit{TOperation,TReply}.SubmitAsync"/>
    public Task<TReply> SubmitAsync(PartitionKeys partition, TOperation operation, CancellationToken cancellation = default) =>
        all[partition.Number].SubmitAsync(operation, cancellation);

    /// <inheritdoc cref="GroupCommit{TOperation,TReply}.SubmitAllAsync"/>
    public async Task<IReadOnlyList<(TReply? Reply, StoreException? Failure)>> SubmitAllAsync(
        IReadOnlyList<TOperation> operations, Func<TOperation, PartitionKeys> partitionOf)
    {
        if (all.Length == 1)
        {
            return await all[0].SubmitAllAsync(operations);
        }

        var outcomes = new (TReply?, StoreException?)[operations.Count];
        await Task.WhenAll(Enumerable.Range(0, operations.Count).GroupBy(i => partitionOf(operations[i]).Number).Select(async part =>
        {
            var replies = await all[part.Key].SubmitAllAsync([.. part.Select(i => operations[i])]);
            foreach (var (i, reply) in part.Zip(replies))
            {
                outcomes[i] = reply;
            }
        }));
        return outcomes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var each in all)
        {
            await each.DisposeAsync();
        }
    }
}
