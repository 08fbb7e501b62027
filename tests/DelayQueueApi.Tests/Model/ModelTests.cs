using CsCheck;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Model;

/// <summary>
/// Random sequences of calls, each answered as <see cref="QueueModel"/> says. A sequence that is not is made as short as it can be.
/// DELAYQUEUE_MODEL_SEQUENCES tells how many are tried.
/// </summary>
public abstract class ModelTests(Api api)
{
    private static readonly int Sequences = int.Parse(Environment.GetEnvironmentVariable("DELAYQUEUE_MODEL_SEQUENCES") ?? "100");

    private static readonly Gen<Operation[]> Operations = Gen.Select(Gen.Frequency(
        (6, Gen.Const(Call.Schedule)), (8, Gen.Const(Call.Claim)), (2, Gen.Const(Call.ClaimAgain)), (5, Gen.Const(Call.Ack)), (4, Gen.Const(Call.Nack)),
        (3, Gen.Const(Call.Release)), (2, Gen.Const(Call.Extend)), (3, Gen.Const(Call.Cancel)), (3, Gen.Const(Call.Update)), (2, Gen.Const(Call.Get)),
        (6, Gen.Const(Call.Advance)), (2, Gen.Const(Call.Reap)), (1, Gen.Const(Call.Pause)), (2, Gen.Const(Call.Resume)), (1, Gen.Const(Call.Redrive)), (1, Gen.Const(Call.Purge))), Gen.Int[0, 100], Gen.Int[0, 5], (call, which, how) => new Operation(call, which, how)).Array[1, 60];

    [Fact]
    public async Task Every_answer_is_what_the_model_says() => await Operations.SampleAsync(
        CheckAsync, iter: Sequences, threads: 1, print: operations => string.Join(' ', operations.AsEnumerable()));

    private async Task CheckAsync(Operation[] operations)
    {
        var (model, service) = (new QueueModel(), new QueueUnderTest(api));
        var claims = 0;
        foreach (var operation in operations)
        {
            var (expected, actual) = await RunAsync(operation);
            Assert.Equal(expected, actual);
        }

        await service.ReapAsync();
        if (model.Jobs > 0)
        {
            Assert.Equal(model.Counts(), await service.CountsAsync());
        }

        async Task<(string Expected, string Actual)> RunAsync(Operation operation)
        {
            var (call, which, how) = operation;
            switch (call)
            {
                case Call.Schedule:
                    int[] delays = [0, 0, 0, 300, 1_000, 5_000];
                    var (delay, priority, attempts) = (delays[how], which % 10, (which % 3) + 1);
                    return (model.Schedule(delay, priority, attempts), await service.ScheduleAsync(delay, priority, attempts));
                case Call.Claim:
                    return await ClaimAsync(claims++);
                case Call.ClaimAgain when claims > 0:
                    return await ClaimAsync(which % claims);
                case Call.Advance:
                    int[] steps = [1, 300, 699, 700, 999, 1_000];
                    model.Advance(steps[how]);
                    service.Advance(steps[how]);
                    return ("", "");
                case Call.Reap:
                    await service.ReapAsync();
                    return ("", "");
                case Call.Cancel when model.Jobs > 0:
                    return (model.Cancel(which % model.Jobs), await service.CancelAsync(which % model.Jobs));
                case Call.Update when model.Jobs > 0:
                    (int? Delay, int? Priority, int? Attempts) change = how < 2 ? (how * 900, null, null) : how < 4 ? (null, which % 10, null) : (null, null, how - 3);
                    return (model.Update(which % model.Jobs, change.Delay, change.Priority, change.Attempts),
                        await service.UpdateAsync(which % model.Jobs, change.Delay, change.Priority, change.Attempts));
                case Call.Get when model.Jobs > 0:
                    // The failure of a lease that ran out is told once it was reaped.
                    await service.ReapAsync();
                    return (model.Get(which % model.Jobs), await service.GetAsync(which % model.Jobs));
                case Call.Pause or Call.Resume:
                    return (model.Pause(call == Call.Pause), await service.PauseAsync(call == Call.Pause));
                case Call.Redrive when model.Jobs > 0:
                    // A job is dead, or pending again, once its lease was reaped.
                    await service.ReapAsync();
                    return (model.Redrive(), await service.RedriveAsync());
                case Call.Purge when model.Jobs > 0:
                    await service.ReapAsync();
                    var state = ((string[])["dead", "scheduled", "ready"])[how % 3];
                    return (model.Purge(state), await service.PurgeAsync(state));
                case Call.Ack or Call.Nack or Call.Release or Call.Extend when model.Leases > 0:
                    // Mostly the newest leases: older ones are lost, which is soon tried enough.
                    return await SettleAsync(call, Math.Max(0, model.Leases - 1 - (which % 8)), how);
                default:
                    return ("", "");
            }

            async Task<(string, string)> ClaimAsync(int claim) =>
                (model.Claim(claim, (how % 3) + 1, 1_000 + (which * 10)), await service.ClaimAsync(claim, (how % 3) + 1, 1_000 + (which * 10)));
        }

        async Task<(string Expected, string Actual)> SettleAsync(Call call, int lease, int how) => call switch
        {
            Call.Ack => (model.Ack(lease), await service.AckAsync(lease)),
            Call.Nack => (model.Nack(lease, how < 3 ? how * 400 : null, how == 5), await service.NackAsync(lease, how < 3 ? how * 400 : null, how == 5)),
            Call.Release => (model.Release(lease), await service.ReleaseAsync(lease)),
            _ => (model.Extend(lease, 1_000 + (how * 500)), await service.ExtendAsync(lease, 1_000 + (how * 500))),
        };
    }

    private enum Call
    {
        Schedule,
        Claim,
        ClaimAgain,
        Ack,
        Nack,
        Release,
        Extend,
        Cancel,
        Update,
        Get,
        Advance,
        Reap,
        Pause,
        Resume,
        Redrive,
        Purge,
    }

    /// <param name="Which">Chooses among what is there.</param>
    /// <param name="How">Chooses among the ways to do it.</param>
    private sealed record Operation(Call Call, int Which, int How)
    {
        public override string ToString() => $"{Call}({Which}, {How})";
    }

    public sealed class OnEmbedded(EmbeddedApi api) : ModelTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ModelTests(api), IClassFixture<RedisApi>;
}
