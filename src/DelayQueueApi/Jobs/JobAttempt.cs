using System.Text.Json.Serialization;
using DelayQueueApi.Http;

namespace DelayQueueApi.Jobs;

/// <summary>How an attempt went.</summary>
/// <param name="Attempt">Its number; a released one has the number of the one after it.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="StartedAt">When it was claimed.</param>
/// <param name="EndedAt">When it was settled, or its lease ended.</param>
/// <param name="Worker">The name that the worker gave.</param>
/// <param name="Error">Of a nack: why; at most 1 KiB of it is kept here.</param>
internal sealed record JobAttempt(
    int Attempt, AttemptOutcome Outcome, DateTimeOffset StartedAt, DateTimeOffset EndedAt, string? Worker = null, JobError? Error = null);

/// <summary>acked: done. nacked: the worker gave it back as failed. expired: its lease ran out. released: it was given back unharmed.</summary>
[JsonConverter(typeof(KebabCaseEnum<AttemptOutcome>))]
internal enum AttemptOutcome
{
    Acked,
    Nacked,
    Expired,
    Released,
}
