using System.Collections;
using System.Text;
using DelayQueueApi.Jobs;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>
/// The partitions of the deployment. Each is a whole delay queue in a hash slot of its own, so that a Redis Cluster can spread them over
/// its nodes. What must meet in one atomic step lies in one partition: jobs with the same key are put into that of the key.
/// </summary>
internal sealed class Partitions(string prefix, int count) : IReadOnlyList<PartitionKeys>
{
    /// <summary>More than a claim should ever have to visit.</summary>
    public const int Most = 64;

    private readonly PartitionKeys[] all = [.. Enumerable.Range(0, count).Select(number => new PartitionKeys(prefix, number, HashTag.Of(number)))];
    private int turn = -1;

    public Partitions(IOptions<StoreOptions> options)
        : this(options.Value.KeyPrefix, options.Value.Partitions)
    {
    }

    public int Count => all.Length;

    /// <summary>Where there is only one of something: schedules, and the channel of hints.</summary>
    public PartitionKeys First => all[0];

    /// <summary>The next one in turn.</summary>
    public PartitionKeys Next => all.Length == 1 ? all[0] : all[Turn()];

    public PartitionKeys this[int number] => all[number];

    /// <summary>All of them, from the next one in turn.</summary>
    public IEnumerable<PartitionKeys> InTurn() => From(Next);

    public IEnumerable<PartitionKeys> From(PartitionKeys first) => Enumerable.Range(first.Number, all.Length).Select(number => all[number % all.Length]);

    /// <returns>The partition and the id in it, or null where no store of ours can have made the id.</returns>
    public (PartitionKeys Partition, byte[] Id)? Locate(JobId id) => id.Partition < all.Length && id.Stored is { } stored ? (all[id.Partition], stored) : null;

    /// <summary>Jobs by the partition that they are in, at most so many at a time; those that cannot be are left out.</summary>
    public IEnumerable<(PartitionKeys Partition, RedisValue[] Ids)> Chunk(IEnumerable<JobId> ids, int most) =>
        from located in ids.Select(Locate).OfType<(PartitionKeys Partition, byte[] Id)>()
        group (RedisValue)located.Id by located.Partition into part
        from chunk in part.Chunk(most)
        select (part.Key, chunk);

    /// <summary>The partition of all that have a key.</summary>
    public PartitionKeys Of(string key) => all[JumpHash(Fnv1a(Encoding.UTF8.GetBytes(key)), all.Length)];

    /// <summary>Shares a number out, so that the shares add up to it.</summary>
    public int ShareOf(PartitionKeys partition, int number) => (int)(((long)number + all.Length - 1 - partition.Number) / all.Length);

    public IEnumerator<PartitionKeys> GetEnumerator() => all.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => all.GetEnumerator();

    private int Turn() => (int)((uint)Interlocked.Increment(ref turn) % (uint)all.Length);

    private static ulong Fnv1a(ReadOnlySpan<byte> bytes)
    {
        var hash = 14695981039346656037UL;
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 1099511628211UL;
        }

        return hash;
    }

    /// <summary>Where there are more partitions, a key stays where it is or moves into a new one. Source: Lamping and Veach, 2014.</summary>
    private static int JumpHash(ulong key, int buckets)
    {
        var (at, next) = (-1L, 0L);
        while (next < buckets)
        {
            at = next;
            key = (key * 2862933555777941757UL) + 1;
            next = (long)((at + 1) * ((double)(1L << 31) / ((key >> 33) + 1)));
        }

        return (int)at;
    }
}
