using CsCheck;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using FluentValidation;

namespace DelayQueueApi.Tests.Http;

/// <summary>A request that calls itself plain is not asked for its rules: each of them must hold.</summary>
public class PlainRequestTests
{
    private static readonly Gen<string?> Queue = AnyOf<string?>(null, "", "a", "default", "A", "a b", "-a", "a/b", new('q', 128), new('q', 129), "ü");
    private static readonly Gen<int?> Number = AnyOf<int?>(
        null, int.MinValue, -1, 0, 1, Limits.MinLeaseMs - 1, Limits.MinLeaseMs, Limits.MaxClaim, Limits.MaxClaim + 1, Limits.MaxWaitMs, Limits.MaxWaitMs + 1,
        Limits.MaxLeaseMs, Limits.MaxLeaseMs + 1, int.MaxValue);

    private static readonly Gen<int?> MaybeNumber = Gen.Select(Gen.Int[0, 3], Number, (given, number) => given == 0 ? number : null);
    private static readonly Gen<string?> Name = AnyOf<string?>(null, null, null, null, null, null, "", "w", " ", new('w', 300));
    private static readonly Gen<ClaimJobs.Request> Claims = Gen.Select(
        Gen.OneOf(AnyOf<string?[]?>([null]), Queue.Array[1].Select(names => (string?[]?)names), Queue.Array[0, 3].Select(names => (string?[]?)names)),
        Gen.Select(MaybeNumber, MaybeNumber, MaybeNumber), Gen.Select(Name, Name),
        (queues, numbers, names) => new ClaimJobs.Request(queues!, numbers.Item1, numbers.Item2, numbers.Item3, names.Item1, names.Item2));

    private static readonly Gen<ScheduleJob.Request> Jobs = Gen.Select(
        Queue, AnyOf<long?>(null, long.MinValue, -1, 0, 1, Limits.MaxDelayMs, Limits.MaxDelayMs + 1, long.MaxValue), Number.Array[5], Name,
        (queue, delay, numbers, key) => new ScheduleJob.Request(
            new RawJson("1"u8.ToArray()), queue, delay, Priority: Few(numbers[0]), MaxAttempts: Few(numbers[1]), LeaseMs: Few(numbers[2]),
            TtlMs: Few(numbers[3]), RetentionMs: Few(numbers[4]), IdempotencyKey: key));

    [Fact]
    public void A_plain_claim_keeps_every_rule() => AssertPlainIsValid(Claims, new ClaimJobs.Validator());

    [Fact]
    public void A_plain_job_keeps_every_rule() => AssertPlainIsValid(Jobs, new ScheduleJob.Validator());

    private static Gen<T> AnyOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <summary>Most of them not given, so that some requests are plain.</summary>
    private static int? Few(int? number) => number < 0 ? number : null;

    private static void AssertPlainIsValid<T>(Gen<T> requests, IValidator<T> validator)
        where T : IMayBePlain
    {
        var plain = 0;
        requests.Sample(
            request =>
            {
                plain += request.IsPlain ? 1 : 0;
                return !request.IsPlain || validator.Validate(request).IsValid;
            },
            iter: 20_000, threads: 1);
        Assert.InRange(plain, 100, 19_000);
    }
}
