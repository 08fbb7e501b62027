using System.Text.Json;
using System.Text.Json.Serialization;
using DelayQueueApi.Http;

namespace DelayQueueApi.Jobs;

/// <summary>A job as callers see it.</summary>
/// <param name="Id">Made by the server; sorts by creation.</param>
/// <param name="Queue">Where it was put.</param>
/// <param name="State">Where it stands now.</param>
/// <param name="Priority">0 to 9, higher first.</param>
/// <param name="Payload">Byte for byte what the producer sent.</param>
/// <param name="RunAt">No worker gets it earlier. After a failed attempt: the next try.</param>
/// <param name="EnqueuedAt">When it was made, on the store's clock.</param>
/// <param name="Attempt">Attempts begun so far that count; 0 before the first claim.</param>
/// <param name="MaxAttempts">After so many failed attempts it is dead.</param>
/// <param name="LeaseMs">Its own lease, where it has one.</param>
/// <param name="Backoff">Its own backoff, where it has one.</param>
/// <param name="TtlMs">So long after runAt it may still start.</param>
/// <param name="RetentionMs">So long it is kept after it is completed or expired, where it says so itself.</param>
/// <param name="Unique">What keeps others like it out.</param>
/// <param name="Metadata">The producer's string pairs.</param>
/// <param name="Lease">Who works on it, while leased.</param>
/// <param name="Failures">How its attempts ended, apart from success.</param>
/// <param name="LastError">Why the last nacked attempt failed.</param>
/// <param name="Attempts">Its last 10 attempts that have ended, in order.</param>
/// <param name="DiedAt">When it became dead.</param>
/// <param name="FinishedAt">When it was completed or expired.</param>
/// <param name="KeptUntil">When it is forgotten, once it is completed or expired.</param>
/// <param name="Result">What the worker has left with its ack.</param>
/// <param name="CancelRequested">Somebody cancelled it while a worker holds it; it goes when the worker lets go or the lease ends.</param>
internal sealed record Job(
    string Id,
    string Queue,
    JobState State,
    int Priority,
    RawJson Payload,
    DateTimeOffset RunAt,
    DateTimeOffset EnqueuedAt,
    int Attempt,
    int MaxAttempts,
    long? LeaseMs = null,
    Backoff? Backoff = null,
    long? TtlMs = null,
    long? RetentionMs = null,
    JobUnique? Unique = null,
    Dictionary<string, string>? Metadata = null,
    JobLease? Lease = null,
    JobFailures? Failures = null,
    JobError? LastError = null,
    IReadOnlyList<JobAttempt>? Attempts = null,
    DateTimeOffset? DiedAt = null,
    DateTimeOffset? FinishedAt = null,
    DateTimeOffset? KeptUntil = null,
    RawJson? Result = null,
    bool? CancelRequested = null) : IWritesItself
{
    public void WriteTo(Utf8JsonWriter json)
    {
        var types = WireJson.Default;
        json.WriteStartObject();
        json.WriteString("id"u8, Id);
        json.WriteString("queue"u8, Queue);
        json.WriteState<JobState>("state"u8, State);
        json.WriteNumber("priority"u8, Priority);
        json.WriteRaw("payload"u8, Payload);
        json.WriteInstant("runAt"u8, RunAt);
        json.WriteInstant("enqueuedAt"u8, EnqueuedAt);
        json.WriteNumber("attempt"u8, Attempt);
        json.WriteNumber("maxAttempts"u8, MaxAttempts);
        json.WriteMaybe("leaseMs"u8, LeaseMs);
        json.WriteOther("backoff"u8, Backoff, types.Backoff);
        json.WriteMaybe("ttlMs"u8, TtlMs);
        json.WriteMaybe("retentionMs"u8, RetentionMs);
        json.WriteOther("unique"u8, Unique, types.JobUnique);
        json.WriteOther("metadata"u8, Metadata, types.DictionaryStringString);
        json.WriteOther("lease"u8, Lease, types.JobLease);
        json.WriteOther("failures"u8, Failures, types.JobFailures);
        json.WriteOther("lastError"u8, LastError, types.JobError);
        json.WriteOther("attempts"u8, Attempts, types.IReadOnlyListJobAttempt);
        json.WriteInstant("diedAt"u8, DiedAt);
        json.WriteInstant("finishedAt"u8, FinishedAt);
        json.WriteInstant("keptUntil"u8, KeptUntil);
        json.WriteRaw("result"u8, Result);
        json.WriteMaybe("cancelRequested"u8, CancelRequested);
        json.WriteEndObject();
    }

    /// <param name="job">What the store holds.</param>
    /// <param name="now">The store's clock when it was read: a run-at or a lease that has passed counts from its instant on.</param>
    public static Job From(JobRecord job, DateTimeOffset now)
    {
        var state = StateOf(job, now);
        var (lastError, attempts) = JobPast.Decode(job.Past.Span);
        return new Job(
            job.Id.Text, job.Queue.Text, state, job.Priority, job.Payload, job.RunAt, job.EnqueuedAt, job.Attempt, job.MaxAttempts,
            job.LeaseMs > 0 ? job.LeaseMs : null, job.Backoff, job.Options.TtlMs, job.Options.RetentionMs, JobUnique.From(job.Options.Unique), job.Metadata,
            state == JobState.Leased ? new JobLease(job.Fence, job.At, job.Worker.Length > 0 ? job.Worker : null) : null,
            job.Nacks + job.Expiries + job.Releases > 0 ? new JobFailures(job.Nacks, job.Expiries, job.Releases) : null,
            lastError, attempts,
            state == JobState.Dead ? job.At : null,
            state is JobState.Completed ? job.At : state is JobState.Expired ? job.StartBy ?? job.At : null,
            job.KeptUntil, job.Result,
            job.CancelRequested ? true : null);
    }

    public static JobState StateOf(JobRecord job, DateTimeOffset now) => job.State switch
    {
        StoredState.Completed => JobState.Completed,
        StoredState.Expired => JobState.Expired,
        StoredState.Dead => JobState.Dead,
        StoredState.Leased when job.At > now => JobState.Leased,
        StoredState.Leased when job.Attempt >= job.MaxAttempts => JobState.Dead,
        StoredState.Leased => JobState.Ready,
        _ when job.StartBy <= now => JobState.Expired,
        _ => job.RunAt > now ? JobState.Scheduled : JobState.Ready,
    };
}

/// <summary>
/// scheduled: before its run-at. ready: a worker may claim it. leased: a worker holds it. dead: out of attempts. completed: acked, and
/// kept for its retention. expired: no worker had it within ttlMs of its run-at.
/// </summary>
[JsonConverter(typeof(KebabCaseEnum<JobState>))]
internal enum JobState
{
    Scheduled,
    Ready,
    Leased,
    Dead,
    Completed,
    Expired,
}

/// <param name="Fence">Number of the lease; grows from lease to lease of a job.</param>
/// <param name="ExpiresAt">When the lease ends unless extended.</param>
/// <param name="Worker">The name that the worker gave.</param>
internal sealed record JobLease(long Fence, DateTimeOffset ExpiresAt, string? Worker = null);

/// <param name="Nacked">Attempts that a worker gave back as failed.</param>
/// <param name="Expired">Attempts whose lease ran out: a crash, or work longer than the lease.</param>
/// <param name="Released">Attempts given back unharmed; they do not count as attempts.</param>
internal sealed record JobFailures(int Nacked, int Expired, int Released);

/// <param name="Key">No other live job of the queue has it.</param>
/// <param name="Until">When it lets go of it.</param>
internal sealed record JobUnique(string Key, UniqueUntil Until)
{
    public static JobUnique? From(Unique? unique) => unique is null ? null : new(unique.Key, unique.Until ?? UniqueUntil.Finished);
}
