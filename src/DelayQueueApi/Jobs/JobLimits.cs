using DelayQueueApi.Http;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Jobs;

/// <summary>The bounds of a job that a deployment sets, and so no validator knows.</summary>
internal sealed class JobLimits(IOptions<LimitOptions> limits, IOptions<StoreOptions> store)
{
    /// <summary>How long an idempotency key is known where its request does not say, ms.</summary>
    public int KeyKnownMs => store.Value.IdempotencyRetentionMs;

    /// <returns>What is out of bounds, or null.</returns>
    public ProblemHttpResult? Check(ScheduleJob.Request job) =>
        CheckPayload(job.Payload) ?? (job.IdempotencyRetentionMs > KeyKnownMs
            ? Problems.Invalid("idempotencyRetentionMs", Limits.Between(Limits.MinKeyKnownMs, KeyKnownMs))
            : null);

    public ProblemHttpResult? CheckPayload(RawJson payload) => payload.Utf8.Length <= limits.Value.PayloadBytes
        ? null
        : Problems.PayloadTooLarge($"The payload has {payload.Utf8.Length} bytes; at most {limits.Value.PayloadBytes} are taken.");
}
