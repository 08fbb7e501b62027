using System.Buffers.Binary;
using DelayQueueApi.Leases;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DelayQueueApi.Jobs;

/// <summary>What producers do with jobs.</summary>
internal sealed class JobStore : IAsyncDisposable
{
    private const int MaxCallBytes = 1024 * 1024;

    /// <summary>Of a job that is made ScheduleJob.lua answers its id and the most attempts that it has.</summary>
    private const int MadeBytes = JobId.StoredBytes + 2;

    private static readonly Script ScheduleScript = Script.Load("Jobs/ScheduleJob.lua");
    private static readonly Script GetScript = Script.Load("Jobs/GetJob.lua");
    private static readonly Script ExplainScript = Script.Load("Jobs/ExplainJob.lua");
    private static readonly Script UpdateScript = Script.Load("Jobs/UpdateJob.lua");
    private static readonly Script CancelScript = Script.Load("Jobs/CancelJob.lua");

    private readonly ScriptRunner scripts;
    private readonly Partitions partitions;
    private readonly Wakeups wakeups;
    private readonly EmbeddedStore embedded;
    private readonly JobEvents events;
    private readonly StoreOptions options;
    private readonly GroupCommits<NewJob, Scheduled> schedules;

    public JobStore(ScriptRunner scripts, Partitions partitions, Wakeups wakeups, EmbeddedStore embedded, JobEvents events, IOptions<StoreOptions> options)
    {
        (this.scripts, this.partitions, this.wakeups, this.embedded, this.events, this.options) = (scripts, partitions, wakeups, embedded, events, options.Value);
        schedules = new(partitions, ScheduleAsync, job => job.Record.Length, MaxCallBytes, TimeSpan.FromMilliseconds(options.Value.TimeoutMs));
    }

    /// <exception cref="StoreException">The store could not be asked or did not answer, or has no room.</exception>
    public Task<Scheduled> ScheduleAsync(NewJob job) => schedules.SubmitAsync(PartitionOf(job) ?? partitions.Next, job);

    /// <summary>Makes jobs in order, as many at a time as fit into one atomic step.</summary>
    /// <returns>For each, what became of it, or why the store did not take it.</returns>
    public Task<IReadOnlyList<(Scheduled? Scheduled, StoreException? Failure)>> ScheduleAllAsync(IReadOnlyList<NewJob> jobs)
    {
        var any = partitions.Next;
        return schedules.SubmitAllAsync(jobs, job => PartitionOf(job) ?? any);
    }

    /// <param name="watch">True to have the job's end told on the channel <see cref="PartitionKeys.Ended"/>.</param>
    /// <returns>The job and the store's clock, or null where no such job is. What is gone by the time is gone, whoever has looked.</returns>
    public async Task<(JobRecord Job, DateTimeOffset Now)?> GetAsync(JobId id, bool watch = false)
    {
        if (partitions.Locate(id) is not var (partition, stored))
        {
            return null;
        }

        var reply = (RedisResult[])(await scripts.RunAsync(GetScript, new ScriptCall(partition).Add(watch ? "1" : "", stored)))!;
        if (reply[1].IsNull)
        {
            return null;
        }

        var job = JobRecord.Decode(partition.Number, stored, (byte[])reply[1]!);
        var now = Instant(reply[0]);
        return job.IsGone(now) ? null : (job, now);
    }

    /// <returns>
    /// How many jobs of its queue are claimed before a pending job (0 where it is pending no longer), whether the queue is paused, and
    /// how long ago somebody has asked for its jobs, where that is known.
    /// </returns>
    public async Task<(long Ahead, bool Paused, TimeSpan? Unasked)> ExplainAsync(JobRecord job)
    {
        var (call, id) = CallFor(job);
        var reply = (long[])(await scripts.RunAsync(ExplainScript, call.Add(id)))!;
        return (Math.Max(0, reply[0]), reply[1] == 1, reply[2] < 0 ? null : TimeSpan.FromMilliseconds(reply[2]));
    }

    /// <param name="read">The job as it was read; another one is not changed.</param>
    public async Task<Updated> UpdateAsync(JobRecord read, UpdateJob.Request change)
    {
        var (call, id) = CallFor(read);
        call.Add(
            id, read.Stored, Or(change.Priority), Or(change.MaxAttempts), Or(change.LeaseMs),
            Or(change.DelayMs), Or(change.RunAt?.ToUnixTimeMilliseconds()),
            change.ChangesBody
                ? JobRecord.EncodeBody(
                    read.Queue, read.Options with { TtlMs = change.TtlMs ?? read.Options.TtlMs, RetentionMs = change.RetentionMs ?? read.Options.RetentionMs },
                    change.Backoff ?? read.Backoff, change.Metadata ?? read.Metadata, read.Traceparent, change.Payload ?? read.Payload)
                : "");
        var reply = (RedisResult[])(await scripts.RunAsync(UpdateScript, call))!;
        var outcome = (UpdateOutcome)(int)reply[0];
        if (outcome != UpdateOutcome.Done)
        {
            return new Updated(outcome);
        }

        wakeups.Announce(read.StoredQueue);
        return new Updated(outcome, JobRecord.Decode(read.Id.Partition, id, (byte[])reply[1]!), Instant(reply[2]));

        static RedisValue Or(long? value) => value is { } number ? number : "";
    }

    public async Task<Cancelled> CancelAsync(JobId id)
    {
        // A job never changes its queue, so that what is read here still holds when the script runs.
        if (await GetAsync(id) is not { } found)
        {
            return Cancelled.Missing;
        }

        var (call, stored) = CallFor(found.Job);
        var reply = (RedisResult[])(await scripts.RunAsync(CancelScript, call.Add(stored, 1)))!;
        var outcome = (Cancelled)(int)reply[0];
        events.Cancelled(found.Job, outcome);
        return outcome;
    }

    public ValueTask DisposeAsync() => schedules.DisposeAsync();

    private static DateTimeOffset Instant(RedisResult ms) => DateTimeOffset.FromUnixTimeMilliseconds((long)ms);

    private PartitionKeys? PartitionOf(NewJob job) => job.MeetingKey is { } key ? partitions.Of(key) : null;

    /// <summary>A call on a job that was read, whose queue is the first.</summary>
    private (ScriptCall Call, byte[] Id) CallFor(JobRecord job)
    {
        var (partition, id) = partitions.Locate(job.Id)!.Value;
        var call = new ScriptCall(partition);
        call.Queue(job.StoredQueue);
        return (call, id);
    }

    private async Task<IReadOnlyList<Scheduled>> ScheduleAsync(PartitionKeys partition, IReadOnlyList<NewJob> jobs)
    {
        embedded.ThrowIfFull();
        var call = new ScriptCall(partition) { SharedBy = jobs.Count }.Add(options.IdempotencyRetentionMs, options.IdempotencyKeys);
        NewJob.AddTo(call, jobs);
        var reply = (RedisResult[])(await scripts.RunAsync(ScheduleScript, call))!;
        var now = Instant(reply[0]);
        foreach (var queue in (int[])reply[1]!)
        {
            wakeups.Announce(call.Queues[queue - 1]);
        }

        var answers = new Scheduled[jobs.Count];
        var (made, notMade) = ((byte[])reply[2]!, 3);
        for (var i = 0; i < answers.Length; i++)
        {
            var job = made.AsSpan(i * MadeBytes, MadeBytes);
            var attempts = BinaryPrimitives.ReadUInt16BigEndian(job[JobId.StoredBytes..]);
            answers[i] = attempts == 0 ? NotMade(partition, jobs[i], (RedisResult[])reply[notMade++]!)
                : new(ScheduleOutcome.Made, JobId.FromStored(partition.Number, job[..JobId.StoredBytes]), RunAt(jobs[i], now), now, attempts);
        }

        events.Made(jobs, answers);
        return answers;
    }

    private static DateTimeOffset RunAt(NewJob job, DateTimeOffset now) =>
        job.RunAt is not { } asked ? now.AddMilliseconds(job.DelayMs) : asked > now ? asked : now;

    private static Scheduled NotMade(PartitionKeys partition, NewJob job, RedisResult[] reply) =>
        new((ScheduleOutcome)(int)reply[0], JobId.FromStored(partition.Number, (byte[])reply[1]!), Instant(reply[2]), Instant(reply[3]), (int)reply[4], job.Over);
}

/// <param name="Id">The job made, made before, or in the way.</param>
/// <param name="Over">The quota that leaves no room for another one.</param>
internal sealed record Scheduled(ScheduleOutcome Outcome, JobId Id, DateTimeOffset RunAt, DateTimeOffset EnqueuedAt, int MaxAttempts, Quota? Over = null);

/// <summary>As ScheduleJob.lua answers.</summary>
internal enum ScheduleOutcome
{
    Made = 1,
    Replayed = 2,
    Exists = 3,
    KeyReused = -1,
    KeyTaken = -2,
    Full = -3,
    OverQuota = -4,
}

/// <param name="Job">As it is now, where the change is made.</param>
/// <param name="Now">The store's clock.</param>
internal sealed record Updated(UpdateOutcome Outcome, JobRecord? Job = null, DateTimeOffset Now = default);

/// <summary>As UpdateJob.lua answers.</summary>
internal enum UpdateOutcome
{
    Done = 1,
    Missing = 0,
    Leased = -1,
    Finished = -2,
    Changed = -3,
}

/// <summary>As CancelJob.lua answers.</summary>
internal enum Cancelled
{
    Done = 1,
    WorkerTold = 2,
    Missing = 0,
    Finished = -1,
}
