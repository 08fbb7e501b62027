using System.Runtime.CompilerServices;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>
/// Reads a hash or zset of any size in pages, while others change it: what is there all the time comes at least once. A page has fewer items
/// where they are large, so that one is read and carried in a few milliseconds.
/// </summary>
internal sealed class StoreScan(IDatabase database)
{
    private const int MostItems = 250;
    private const int FewItems = 16;
    private const int MostBytes = 1024 * 1024;

    /// <summary>So many of the items that came last are not too much for one script.</summary>
    public int PageItems { get; private set; } = FewItems;

    /// <summary>Fields and values.</summary>
    public IAsyncEnumerable<KeyValuePair<byte[], byte[]>[]> HashAsync(RedisKey key, CancellationToken cancellation) => PagesAsync("HSCAN", key, cancellation);

    /// <summary>Members and scores.</summary>
    public IAsyncEnumerable<KeyValuePair<byte[], byte[]>[]> SortedSetAsync(RedisKey key, CancellationToken cancellation) => PagesAsync("ZSCAN", key, cancellation);

    private async IAsyncEnumerable<KeyValuePair<byte[], byte[]>[]> PagesAsync(string command, RedisKey key, [EnumeratorCancellation] CancellationToken cancellation)
    {
        RedisValue cursor = 0;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            var reply = (RedisResult[])(await database.ExecuteAsync(command, key, cursor, "COUNT", PageItems))!;
            cursor = (RedisValue)reply[0];
            var items = ((byte[][])reply[1]!).Chunk(2).Select(pair => KeyValuePair.Create(pair[0], pair[1])).ToArray();
            if (items.Length > 0)
            {
                Fit(items);
            }

            // A small hash comes whole, whatever was asked for.
            foreach (var page in items.Chunk(MostItems))
            {
                yield return page;
            }
        }
        while (cursor != 0);
    }

    private void Fit(KeyValuePair<byte[], byte[]>[] items)
    {
        var bytesEach = items.Sum(item => (long)item.Key.Length + item.Value.Length) / items.Length;
        PageItems = (int)Math.Clamp(MostBytes / (bytesEach + 1), 1, Math.Min(MostItems, 2 * PageItems));
    }
}
