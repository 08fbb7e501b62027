using System.Text;
using DelayQueueApi.Http;
using FluentValidation;

namespace DelayQueueApi.Jobs;

/// <summary>What can be said about a job when it is made and when it is changed.</summary>
internal interface IJobFields
{
    public long? DelayMs { get; }

    public DateTimeOffset? RunAt { get; }

    public int? Priority { get; }

    public int? MaxAttempts { get; }

    public int? LeaseMs { get; }

    public Backoff? Backoff { get; }

    public long? TtlMs { get; }

    public long? RetentionMs { get; }

    public Dictionary<string, string>? Metadata { get; }
}

internal abstract class JobFieldsValidator<T> : AbstractValidator<T>
    where T : IJobFields
{
    protected JobFieldsValidator()
    {
        RuleFor(r => r.DelayMs).InclusiveBetween(0, Limits.MaxDelayMs).WithMessage(Limits.Between(0, Limits.MaxDelayMs));
        RuleFor(r => r.DelayMs).Null().When(r => r.RunAt is not null).WithMessage("cannot be given together with runAt");
        RuleFor(r => r.Priority).InclusiveBetween(Limits.MinPriority, Limits.MaxPriority)
            .WithMessage(Limits.Between(Limits.MinPriority, Limits.MaxPriority));
        RuleFor(r => r.MaxAttempts).InclusiveBetween(1, Limits.MaxAttempts).WithMessage(Limits.Between(1, Limits.MaxAttempts));
        RuleFor(r => r.LeaseMs).InclusiveBetween(Limits.MinLeaseMs, Limits.MaxLeaseMs)
            .WithMessage(Limits.Between(Limits.MinLeaseMs, Limits.MaxLeaseMs));
        RuleFor(r => r.Backoff!).SetValidator(new BackoffValidator()).When(r => r.Backoff is not null);
        RuleFor(r => r.TtlMs).InclusiveBetween(1, Limits.MaxTtlMs).WithMessage(Limits.Between(1, Limits.MaxTtlMs));
        RuleFor(r => r.RetentionMs).InclusiveBetween(0, Limits.MaxRetentionMs).WithMessage(Limits.Between(0, Limits.MaxRetentionMs));
        RuleFor(r => r.Metadata).Must(pairs => pairs!.Count <= Limits.MaxMetadataPairs && pairs.Values.All(value => value is not null)
                && pairs.Sum(pair => Encoding.UTF8.GetByteCount(pair.Key) + Encoding.UTF8.GetByteCount(pair.Value)) <= Limits.MaxMetadataBytes)
            .When(r => r.Metadata is not null)
            .WithMessage($"must be up to {Limits.MaxMetadataPairs} string pairs of {Limits.MaxMetadataBytes} bytes in all");
    }
}
