using System.Text.Json.Serialization;
using DelayQueueApi.Http;
using FluentValidation;

namespace DelayQueueApi.Jobs;

/// <summary>How long a job waits after a failed attempt, counted from the nack.</summary>
/// <param name="Type">fixed: always delayMs. exponential: delayMs × factor^(attempt − 1), at most maxDelayMs. delays: delaysMs[attempt − 1], the last one from then on.</param>
/// <param name="DelayMs">The delay, or the first one of an exponential backoff, ms; needed for both.</param>
/// <param name="Factor">What each further delay of an exponential backoff is multiplied by, 1 to 10; 2 by default.</param>
/// <param name="MaxDelayMs">The longest delay of an exponential backoff, ms; an hour by default.</param>
/// <param name="DelaysMs">1 to 20 delays, ms, for the type delays.</param>
/// <param name="Jitter">none: the delay as it is. full: a random part of it. equal: half of it and a random part of the other half. By default equal for exponential, none for fixed.</param>
internal sealed record Backoff(
    BackoffType Type,
    long? DelayMs = null,
    double? Factor = null,
    long? MaxDelayMs = null,
    long[]? DelaysMs = null,
    Jitter? Jitter = null)
{
    public static readonly Backoff Default = new(BackoffType.Exponential, DelayMs: 1_000, Factor: 2, MaxDelayMs: 3_600_000, Jitter: Jobs.Jitter.Equal);

    /// <summary>The form in which NackJob.lua reads it.</summary>
    public string ToStored() => Type switch
    {
        BackoffType.Delays => $"d{string.Join(',', DelaysMs!)}",
        BackoffType.Fixed => $"f{DelayMs},{Letter(Jitter ?? Jobs.Jitter.None)}",
        _ => $"e{DelayMs},{Factor ?? Default.Factor:0.####},{MaxDelayMs ?? Math.Max(Default.MaxDelayMs!.Value, DelayMs!.Value)},{Letter(Jitter ?? Default.Jitter!.Value)}",
    };

    public static Backoff? FromStored(string stored)
    {
        if (stored.Length == 0)
        {
            return null;
        }

        var parts = stored[1..].Split(',');
        return stored[0] switch
        {
            'd' => new(BackoffType.Delays, DelaysMs: Array.ConvertAll(parts, long.Parse)),
            'f' => new(BackoffType.Fixed, long.Parse(parts[0]), Jitter: FromLetter(parts[1])),
            _ => new(BackoffType.Exponential, long.Parse(parts[0]), double.Parse(parts[1]), long.Parse(parts[2]), Jitter: FromLetter(parts[3])),
        };
    }

    private static char Letter(Jitter jitter) => jitter switch { Jobs.Jitter.None => 'n', Jobs.Jitter.Full => 'f', _ => 'e' };

    private static Jitter FromLetter(string letter) =>
        letter switch { "n" => Jobs.Jitter.None, "f" => Jobs.Jitter.Full, _ => Jobs.Jitter.Equal };
}

[JsonConverter(typeof(KebabCaseEnum<BackoffType>))]
internal enum BackoffType
{
    Fixed,
    Exponential,
    Delays,
}

[JsonConverter(typeof(KebabCaseEnum<Jitter>))]
internal enum Jitter
{
    None,
    Full,
    Equal,
}

internal sealed class BackoffValidator : AbstractValidator<Backoff>
{
    public const int MaxDelays = 20;

    public BackoffValidator()
    {
        RuleFor(b => b.DelayMs).NotNull().When(b => b.Type != BackoffType.Delays).WithMessage("is required for this type of backoff");
        RuleFor(b => b.DelayMs).Null().When(b => b.Type == BackoffType.Delays).WithMessage("goes with fixed and exponential only");
        RuleFor(b => b.DelayMs).InclusiveBetween(0, Limits.MaxBackoffMs).WithMessage(Limits.Between(0, Limits.MaxBackoffMs));
        RuleFor(b => b.Factor).Null().When(b => b.Type != BackoffType.Exponential).WithMessage("goes with exponential only");
        RuleFor(b => b.Factor).InclusiveBetween(1, 10).WithMessage(Limits.Between(1, 10));
        RuleFor(b => b.MaxDelayMs).Null().When(b => b.Type != BackoffType.Exponential).WithMessage("goes with exponential only");
        RuleFor(b => b.MaxDelayMs).InclusiveBetween(0, Limits.MaxBackoffMs).WithMessage(Limits.Between(0, Limits.MaxBackoffMs));
        RuleFor(b => b.DelaysMs).NotEmpty().When(b => b.Type == BackoffType.Delays).WithMessage("is required for this type of backoff");
        RuleFor(b => b.DelaysMs).Null().When(b => b.Type != BackoffType.Delays).WithMessage("goes with delays only");
        RuleFor(b => b.DelaysMs).Must(d => d!.Length <= MaxDelays && d.All(ms => ms is >= 0 and <= Limits.MaxBackoffMs)).When(b => b.DelaysMs is not null)
            .WithMessage($"must be 1 to {MaxDelays} delays of 0 to {Limits.MaxBackoffMs} ms");
        RuleFor(b => b.Jitter).Null().When(b => b.Type == BackoffType.Delays).WithMessage("goes with fixed and exponential only");
    }
}
