using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using DelayQueueApi.Http;
using FluentValidation;

namespace DelayQueueApi.Jobs;

/// <summary>At most one live job of a queue holds a key.</summary>
/// <param name="Key">1 to 128 printable ASCII characters.</param>
/// <param name="Until">finished: until it is acked, cancelled, dead, expired or purged. started: until a worker has it for the first time.</param>
/// <param name="OnConflict">Where another job holds the key. return: that job is answered, and none made. replace: that job is cancelled and this one made; 409 while a worker holds it. reject: 409.</param>
internal sealed record Unique(
    [property: MinLength(1), MaxLength(Limits.MaxUniqueKeyLength)] string Key,
    [property: DefaultValue(UniqueUntil.Finished)] UniqueUntil? Until = null,
    [property: DefaultValue(Jobs.OnConflict.Return)] OnConflict? OnConflict = null);

/// <summary>When a job lets go of its unique key.</summary>
[JsonConverter(typeof(KebabCaseEnum<UniqueUntil>))]
internal enum UniqueUntil
{
    Finished,
    Started,
}

/// <summary>What becomes of a job whose unique key another one holds.</summary>
[JsonConverter(typeof(KebabCaseEnum<OnConflict>))]
internal enum OnConflict
{
    Return,
    Replace,
    Reject,
}

internal sealed class UniqueValidator : AbstractValidator<Unique>
{
    public UniqueValidator() => RuleFor(u => u.Key).Must(key => key.Length is > 0 and <= Limits.MaxUniqueKeyLength && key.All(c => c is >= ' ' and <= '~'))
        .WithMessage($"must be 1 to {Limits.MaxUniqueKeyLength} printable ASCII characters");
}
