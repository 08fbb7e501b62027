using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Queues;

/// <summary>Counts dead jobs by the type of their last error, by as many bounded scripts as it takes. No payload leaves the store.</summary>
internal sealed class DeadGroups(ScriptRunner scripts, Partitions partitions)
{
    /// <summary>Types of errors are the workers' to choose: where they put numbers into them, no answer gets longer than this.</summary>
    public const int MaxGroups = 100;

    private const int JobsPerCall = 500;
    private const int ValuesPerGroup = 7;

    private static readonly Script GroupScript = Script.Load("Queues/GroupDeadJobs.lua");

    /// <param name="start">Tells the queue; with a job's id, it goes on after that job.</param>
    /// <param name="most">How many jobs to look at.</param>
    /// <returns>
    /// How many were looked at; the groups, the largest first; how many jobs have types beyond <see cref="MaxGroups"/>; and where it goes
    /// on, null where all were looked at.
    /// </returns>
    public async Task<(long LookedAt, IReadOnlyList<DeadGroup> Groups, long Others, JobCursor? Next)> ReadAsync(JobCursor start, int most, CancellationToken client)
    {
        var groups = new Dictionary<string, DeadGroup>(StringComparer.Ordinal);
        var (lookedAt, others) = (0L, 0L);
        JobCursor? next = start;
        while (next is not null && lookedAt < most)
        {
            client.ThrowIfCancellationRequested();
            var partition = partitions[next.Partition];
            var call = new ScriptCall(partition);
            call.Queue(start.Queue.Stored);
            call.Add(Math.Min(JobsPerCall, most - lookedAt)).Add(next.Id is { } last ? [next.Score, last.Stored] : ["", ""]);
            var reply = (RedisResult[])(await scripts.RunAsync(GroupScript, call))!;

            lookedAt += (long)reply[0];
            foreach (var values in reply.Skip(3).Chunk(ValuesPerGroup))
            {
                var group = DeadGroup.FromStored(partition, values);
                if (groups.TryGetValue(group.ErrorType, out var known))
                {
                    groups[group.ErrorType] = known.And(group);
                }
                else if (groups.Count < MaxGroups)
                {
                    groups.Add(group.ErrorType, group);
                }
                else
                {
                    others += group.Jobs;
                }
            }

            var id = (byte[])reply[2]!;
            next = id.Length > 0 ? next with { Score = (long)reply[1], Id = JobId.FromStored(partition.Number, id) }
                : partition.Number + 1 < partitions.Count ? next.StartOf(partition.Number + 1)
                : null;
        }

        return (lookedAt, [.. groups.Values.OrderByDescending(group => group.Jobs).ThenBy(group => group.ErrorType, StringComparer.Ordinal)], others, next);
    }
}

/// <param name="ErrorType">The type of their last error, as a redrive takes it; empty for those whose last error has none.</param>
/// <param name="Jobs">How many there are.</param>
/// <param name="LeasesExpired">How many of them died as their last lease ran out: a worker crashed, or took longer than its lease.</param>
/// <param name="FirstDiedAt">When the first of them died.</param>
/// <param name="LastDiedAt">When the newest of them died.</param>
/// <param name="LastId">The newest of them.</param>
/// <param name="LastMessage">What its last error says, up to 1,024 bytes.</param>
internal sealed record DeadGroup(
    string ErrorType, long Jobs, long LeasesExpired, DateTimeOffset FirstDiedAt, DateTimeOffset LastDiedAt, string LastId, string? LastMessage = null)
{
    /// <param name="values">As GroupDeadJobs.lua answers.</param>
    public static DeadGroup FromStored(PartitionKeys partition, RedisResult[] values) => new(
        (string)values[0]!, (long)values[1], (long)values[2], Instant(values[3]), Instant(values[4]), JobId.FromStored(partition.Number, (byte[])values[5]!).Text,
        (string)values[6]! is { Length: > 0 } message ? message : null);

    public DeadGroup And(DeadGroup more)
    {
        var newest = more.LastDiedAt >= LastDiedAt ? more : this;
        return newest with
        {
            Jobs = Jobs + more.Jobs,
            LeasesExpired = LeasesExpired + more.LeasesExpired,
            FirstDiedAt = more.FirstDiedAt < FirstDiedAt ? more.FirstDiedAt : FirstDiedAt,
        };
    }

    private static DateTimeOffset Instant(RedisResult ms) => DateTimeOffset.FromUnixTimeMilliseconds((long)ms);
}
