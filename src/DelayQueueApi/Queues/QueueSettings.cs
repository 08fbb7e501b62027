using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using FluentValidation;

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

    /// <summary>What a partition is to hold to: bounds on jobs are shared out.</summary>
    public QueueSettings ShareOf(Partitions partitions, PartitionKeys partition) => partitions.Count == 1 ? this : this with
    {
        MaxLength = MaxLength is { } length ? partitions.ShareOf(partition, length) : null,
        MaxRetained = MaxRetained is { } retained ? partitions.ShareOf(partition, retained) : null,
    };

    /// <summary>The settings of which both are shares.</summary>
    public QueueSettings AndShare(QueueSettings other) =>
        this with { MaxLength = Add(MaxLength, other.MaxLength), MaxRetained = Add(MaxRetained, other.MaxRetained) };

    private static int? Add(int? one, int? other) => one is null || other is null ? one ?? other : one + other;

    /// <summary>The settings in one text, as Prelude.lua reads it; empty where nothing is set.</summary>
    public string ToStored()
    {
        var text = $"{LeaseMs} {MaxAttempts} {Backoff?.ToStored()} {RetentionMs} {MaxLength} {MaxRetained} {DeadRetentionMs}";
        return string.IsNullOrWhiteSpace(text) ? "" : text;
    }

    public static QueueSettings FromStored(string text)
    {
        if (text.Length == 0)
        {
            return new QueueSettings();
        }

        var parts = text.Split(' ');
        return new QueueSettings(
            (int?)Number(0), (int?)Number(1), Backoff.FromStored(parts[2]), Number(3), (int?)Number(4), (int?)Number(5), Number(6));

        long? Number(int part) => parts[part].Length > 0 ? long.Parse(parts[part]) : null;
    }
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
