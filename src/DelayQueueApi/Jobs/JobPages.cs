using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Jobs;

/// <summary>Reads a queue's jobs in pages, each by as many bounded scripts as it takes.</summary>
internal sealed class JobPages(ScriptRunner scripts, Partitions partitions)
{
    private const int MaxJobsPerCall = 100;
    private const int MaxLookedAt = 10_000;

    /// <summary>Where jobs are chosen, most are passed over, which costs little.</summary>
    private const int MaxLookedAtPerCall = 500;
    private const int MaxPageBytes = 8 * 1024 * 1024;

    private static readonly Script ListScript = Script.Load("Jobs/ListJobs.lua");

    /// <param name="start">Tells queue and state; with a job's id, the list goes on after that job.</param>
    /// <param name="metadata">Only jobs with these pairs.</param>
    /// <param name="errorType">Only jobs whose last error has this type, or none where it is empty; null for all.</param>
    /// <returns>The jobs, and where the list goes on; null where it has ended.</returns>
    public async Task<(IReadOnlyList<Job> Jobs, JobCursor? Next)> ReadAsync(
        JobCursor start, int limit, IReadOnlyDictionary<string, string> metadata, string? errorType, CancellationToken client)
    {
        var jobs = new List<Job>();
        var pairs = MetadataPairs.ToStored(metadata);
        var chooses = pairs.Length > 0 || errorType is not null;
        var perCall = chooses ? MaxLookedAtPerCall : MaxJobsPerCall;
        var (bytes, lookedAt) = (0, 0);
        JobCursor? next = start;
        while (next is not null && jobs.Count < limit && bytes < MaxPageBytes && (lookedAt < MaxLookedAt || !chooses))
        {
            client.ThrowIfCancellationRequested();
            var partition = partitions[next.Partition];
            var call = new ScriptCall(partition);
            call.Queue(start.Queue.Stored);
            call.Add(start.State.ToString().ToLowerInvariant(), perCall, limit - jobs.Count);
            call.Add(next.Id is { } last ? [next.Priority, next.Score, last.Stored] : ["", "", ""]);
            call.Add(JobError.Filter(errorType)).Add(pairs);
            lookedAt += perCall;
            var reply = (RedisResult[])(await scripts.RunAsync(ListScript, call))!;

            var now = DateTimeOffset.FromUnixTimeMilliseconds((long)reply[0]);
            for (var i = 4; i < reply.Length; i += 2)
            {
                var job = JobRecord.Decode(partition.Number, (byte[])reply[i]!, (byte[])reply[i + 1]!);
                bytes += job.Stored.Length;
                jobs.Add(Job.From(job, now));
            }

            var id = (byte[])reply[3]!;
            next = id.Length > 0 ? next with { Priority = (int)reply[1], Score = (long)reply[2], Id = JobId.FromStored(partition.Number, id) }
                : partition.Number + 1 < partitions.Count ? next.StartOf(partition.Number + 1)
                : null;
        }

        return (jobs, next);
    }
}
