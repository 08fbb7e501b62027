using DelayQueueApi.Queues;
using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Jobs;

/// <summary>A job to be made. Neither delay nor run-at means now.</summary>
/// <param name="MaxAttempts">Null for the queue's own.</param>
/// <param name="Body">From <see cref="JobRecord.EncodeBody"/>.</param>
/// <param name="OnConflict">What becomes of it where another job holds its unique key.</param>
/// <param name="Key">The idempotency key of its request, null for none.</param>
internal sealed record NewJob(
    QueueName Queue, int Priority, long DelayMs, DateTimeOffset? RunAt, int? MaxAttempts, int? LeaseMs, byte[] Body,
    OnConflict OnConflict = OnConflict.Return, KeyOfRequest? Key = null)
{
    /// <summary>Adds the arguments that MakeJobs.lua reads.</summary>
    public void AddTo(ScriptCall call) => call.Add(
        call.Queue(Queue.Stored), Priority, RunAt is null ? DelayMs : "", RunAt?.ToUnixTimeMilliseconds() ?? 0, JobId.NewRandom(),
        MaxAttempts is { } attempts ? attempts : "", LeaseMs ?? 0, Body, OnConflict.ToString().ToLowerInvariant(),
        Key?.Text ?? "", Key?.BodyHash ?? RedisValue.EmptyString, Key?.KnownMs ?? 0);
}

/// <summary>An idempotency key with what it stands for.</summary>
/// <param name="BodyHash">16 bytes that stand for the request's body.</param>
/// <param name="KnownMs">How long it is remembered.</param>
internal sealed record KeyOfRequest(string Text, byte[] BodyHash, int KnownMs);
