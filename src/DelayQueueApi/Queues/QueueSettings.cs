using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using FluentValidation;
using StackExchange.Redis;

namespace DelayQueueApi.Queues;

/// <summary>What holds for the jobs of a queue that do not say so themselves, and for the queue as a whole.</summary>
/// <param name="LeaseMs">How long a worker may hold a job where neither claim nor job says so; else 30 s.</param>
/// <param name="MaxAttempts">After so many failed attempts a job is dead, where it does not say so itself when it is made; else 20.</param>
/// <param name="Backoff">How long a job waits after a failed attempt; else exponential from a second to an hour.</param>
/// <param name="RetentionMs">So long a job is kept once it is completed or expired; else not at all.</param>
/// <param name="MaxLength">The most jobs that may be scheduled, ready and leased together; a job beyond is refused with 429.</param>
/// <param name="MaxRetained">The most completed, and as many expired, jobs that are kept; those that go first go sooner.</param>
/// <param name="DeadRetentionMs">So long a dead job is kept; else until it is redriven or purged.</param>
internal record QueueSettings(
    [property: Range(Limits.MinLeaseMs, Limits.MaxLeaseMs)] int? LeaseMs = null,
    [property: Range(1, Limits.MaxAttempts)] int? MaxAttempts = null,
    Backoff? Backoff = null,
    [property: Range(0, Limits.MaxRetentionMs)] long? RetentionMs = null,
    [property: Range(1, Limits.MaxQueueLength)] int? MaxLength = null,
    [property: DefaultValue(QueueSettings.DefaultMaxRetained), Range(0, Limits.MaxRetained)] int? MaxRetained = null,
    [property: Range(1, Limits.MaxRetentionMs)] long? DeadRetentionMs = null)
{
    /// <summary>As Prelude.lua takes it.</summary>
    public const int DefaultMaxRetained = 100_000;

    /// <summary>The settings by the names in which scripts read them; empty for what is not set.</summary>
    public RedisValue[] ToStored() =>
    [
        "leaseMs", Text(LeaseMs), "maxAttempts", Text(MaxAttempts), "backoff", Backoff?.ToStored() ?? "", "retentionMs", Text(RetentionMs),
        "maxLength", Text(MaxLength), "maxRetained", Text(MaxRetained), "deadRetentionMs", Text(DeadRetentionMs),
    ];

    public static QueueSettings FromStored(IReadOnlyDictionary<string, RedisResult> stats)
    {
        return new QueueSettings(
            (int?)Number("leaseMs"), (int?)Number("maxAttempts"), Backoff.FromStored(stats.TryGetValue("backoff", out var backoff) ? (string)backoff! : ""),
            Number("retentionMs"), (int?)Number("maxLength"), (int?)Number("maxRetained"), Number("deadRetentionMs"));

        long? Number(string name) => stats.TryGetValue(name, out var value) ? (long)value : null;
    }

    private static string Text(long? number) => number?.ToString() ?? "";
}

internal abstract class QueueSettingsValidator<T> : AbstractValidator<T>
    where T : QueueSettings
{
    protected QueueSettingsValidator()
    {
        RuleFor(s => s.LeaseMs).InclusiveBetween(Limits.MinLeaseMs, Limits.MaxLeaseMs).WithMessage(Limits.Between(Limits.MinLeaseMs, Limits.MaxLeaseMs));
        RuleFor(s => s.MaxAttempts).InclusiveBetween(1, Limits.MaxAttempts).WithMessage(Limits.Between(1, Limits.MaxAttempts));
        RuleFor(s => s.Backoff!).SetValidator(new BackoffValidator()).When(s => s.Backoff is not null);
        RuleFor(s => s.RetentionMs).InclusiveBetween(0, Limits.MaxRetentionMs).WithMessage(Limits.Between(0, Limits.MaxRetentionMs));
        RuleFor(s => s.MaxLength).InclusiveBetween(1, Limits.MaxQueueLength).WithMessage(Limits.Between(1, Limits.MaxQueueLength));
        RuleFor(s => s.MaxRetained).InclusiveBetween(0, Limits.MaxRetained).WithMessage(Limits.Between(0, Limits.MaxRetained));
        RuleFor(s => s.DeadRetentionMs).InclusiveBetween(1, Limits.MaxRetentionMs).WithMessage(Limits.Between(1, Limits.MaxRetentionMs));
    }
}
