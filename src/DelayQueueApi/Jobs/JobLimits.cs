using DelayQueueApi.Http;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Jobs;

/// <summary>The bounds of a job that a deployment sets, and so no validator knows.</summary>
internal sealed class JobLimits(IOptions<LimitOptions> limits, IOptions<StoreOptions> store, Partitions partitions, Quotas quotas)
{
    /// <summary>How long an idempotency key is known where its request does not say, ms.</summary>
    public int KeyKnownMs => store.Value.IdempotencyRetentionMs;

    /// <param name="job">The job.</param>
    /// <param name="key">The idempotency key of its header, where it has one.</param>
    /// <returns>What is out of bounds, or null.</returns>
    public ProblemHttpResult? Check(ScheduleJob.Request job, string? key = null) =>
        CheckPayload(job.Payload)
        ?? (job.IdempotencyRetentionMs is null ? null
            : (key ?? job.IdempotencyKey) is null ? Problems.Invalid("idempotencyRetentionMs", "goes with an idempotency key only")
            : job.IdempotencyRetentionMs > KeyKnownMs ? Problems.Invalid("idempotencyRetentionMs", Limits.Between(Limits.MinKeyKnownMs, KeyKnownMs))
            : null);

    /// <summary>A job that is made in one step with something else is in the partition of that, and so cannot be in the one where jobs with its key meet.</summary>
    /// <param name="job">The job.</param>
    /// <param name="with">What else, in words.</param>
    public ProblemHttpResult? CheckMeets(ScheduleJob.Request job, string with) =>
        partitions.Count == 1 || (job.Unique is null && job.IdempotencyKey is null) ? null
        : Problems.Invalid(job.Unique is null ? "idempotencyKey" : "unique", $"cannot be given for a job that is made {with} where the service has more than one partition");

    /// <inheritdoc cref="Quotas.CheckAsync(NewJob, bool)"/>
    public ValueTask<NewJob> CheckQuotasAsync(NewJob job, bool takesPlace = false) => quotas.CheckAsync(job, takesPlace);

    /// <returns>Why a job may not get another payload, or null.</returns>
    public async ValueTask<ProblemHttpResult?> CheckGrowthAsync(JobRecord job, RawJson payload) =>
        await quotas.CheckAsync(job.Queue, payload.Utf8.Length - job.Payload.Utf8.Length) is { } over ? Problems.QuotaExceeded(over) : null;

    public ProblemHttpResult? CheckPayload(RawJson payload) => payload.Utf8.Length <= limits.Value.PayloadBytes
        ? null
        : Problems.PayloadTooLarge($"The payload has {payload.Utf8.Length} bytes; at most {limits.Value.PayloadBytes} are taken.");
}
