namespace DelayQueueApi.Store;

/// <summary>What the store remembers of how many partitions there have been.</summary>
internal sealed class PartitionsInStore(StoreConnection connection, Partitions partitions)
{
    /// <exception cref="StoreException">The store could not be asked or did not answer; so for the other method.</exception>
    public Task<int> CountAsync() => AskAsync(async database => (int?)await database.StringGetAsync(partitions.First.Count) ?? 1);

    public Task SetAsync(int count) => AskAsync(database => database.StringSetAsync(partitions.First.Count, count));

    private async Task<T> AskAsync<T>(Func<StackExchange.Redis.IDatabase, Task<T>> ask)
    {
        try
        {
            return await ask(await connection.DatabaseAsync());
        }
        catch (Exception error) when (StoreException.From(error) is { } known)
        {
            throw known;
        }
    }
}
