using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Queues;

/// <summary>Tells when the time of a queue's scheduled jobs comes, by one bounded script a partition.</summary>
internal sealed class DueTimeline(ScriptRunner scripts, Partitions partitions)
{
    private const int Soonest = 10;

    private static readonly Script CountScript = Script.Load("Queues/CountDueJobs.lua");

    public async Task<CountDueJobs.Response> ReadAsync(QueueName queue, int withinMs, int buckets)
    {
        var replies = await Task.WhenAll(partitions.Select(partition => ReadAsync(partition, queue, withinMs, buckets)));
        var now = DateTimeOffset.FromUnixTimeMilliseconds(replies.Max(reply => (long)reply[0]));
        var jobs = partitions.SelectMany(partition => replies[partition.Number].Skip(3 + buckets).Chunk(3).Select(values => new CountDueJobs.DueJob(
            JobId.FromStored(partition.Number, (byte[])values[2]!).Text, DateTimeOffset.FromUnixTimeMilliseconds((long)values[1]), (int)values[0])));
        return new CountDueJobs.Response(
            now, Sum(1),
            [.. Enumerable.Range(0, buckets).Select(i => new CountDueJobs.DueBucket(now.AddMilliseconds((long)withinMs * (i + 1) / buckets), Sum(3 + i)))],
            Sum(2),
            [.. jobs.OrderBy(job => job.RunAt).ThenByDescending(job => job.Priority).Take(Soonest)]);

        long Sum(int i) => replies.Sum(reply => (long)reply[i]);
    }

    private async Task<RedisResult[]> ReadAsync(PartitionKeys partition, QueueName queue, int withinMs, int buckets)
    {
        var call = new ScriptCall(partition);
        call.Queue(queue.Stored);
        return (RedisResult[])(await scripts.RunAsync(CountScript, call.Add(withinMs, buckets, Soonest)))!;
    }
}
