using System.Text;
using CsCheck;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Model;

/// <summary>
/// Random sequences of calls on two schedules and their queues, with firings in between, each answered as <see cref="ScheduleModel"/> and
/// <see cref="QueueModel"/> say.
/// </summary>
public abstract class ScheduleModelTests(Api api)
{
    private const int Schedules = 2;

    private static readonly Gen<ScheduleSpec> Spec = Gen.Select(
        Operations.Among(1_000, 3_000, 15_000), Operations.Among<int?>(null, null, null, 0, 5_000), Operations.Among<int?>(null, null, null, null, 30_000),
        Operations.Among("once", "skip"), Operations.Among("allow", "skip", "replace", "replace"), Operations.Job,
        (interval, start, end, misfire, overlap, job) => new ScheduleSpec(interval, start, end, misfire, overlap, job));

    private static readonly Gen<Step> Put = On("Put", Spec, (pair, spec) => pair.Model.Put(spec), (pair, spec) => pair.Service.PutAsync(spec));

    private static readonly Gen<Step> Steps = Gen.Frequency(
        (3, Put),
        (1, On("Pause", Gen.Const(0), (pair, _) => pair.Model.Pause(), (pair, _) => pair.Service.PauseAsync())),
        (2, On("Resume", Gen.Const(0), (pair, _) => pair.Model.Resume(), (pair, _) => pair.Service.ResumeAsync())),
        (2, On("Trigger", Gen.Const(0), (pair, _) => pair.Model.Trigger(), (pair, _) => pair.Service.TriggerAsync())),
        (1, On("Delete", Gen.Const(0), (pair, _) => pair.Model.Delete(), (pair, _) => pair.Service.DeleteAsync())),
        (8, OnQueue(Operations.Claims)),
        (12, OnQueue(Operations.WithoutBulkAndTime)),
        (10, Operations.Among(1, 999, 1_000, 1_000, 2_500, 11_000).Select(ms => new Step($"Advance({ms})", (api, pairs) => AdvanceAsync(api, pairs, ms)))),
        (10, Operations.Among(1, 1, 3).Select(instances => new Step($"Fire({instances})", (api, pairs) => FireAsync(api, pairs, instances)))),
        (1, Gen.Const(new Step("Reap", (api, pairs) => ReapAsync(api, pairs)))));

    [Fact]
    public async Task Every_instant_makes_the_job_that_the_model_says() => await Gen.Select(Put.Array[3], Steps.Array[1, 100], (first, then) => (Step[])[.. first, .. then]).SampleAsync(
        CheckAsync, iter: ModelTests.Sequences, threads: 1, print: steps => string.Join('\n', steps.AsEnumerable()));

    private async Task CheckAsync(Step[] steps)
    {
        Pair[] pairs = [.. Enumerable.Range(0, Schedules).Select(_ => new Pair(api))];
        var past = new StringBuilder();
        try
        {
            foreach (var step in steps)
            {
                await CheckAsync(step);
            }

            await CheckAsync(new Step("Reap", ReapAsync));
            await CheckAsync(new Step("Counts", LookAsync));
            await api.AssertSoundAsync();
        }
        finally
        {
            foreach (var pair in pairs)
            {
                await pair.Service.DeleteAsync();
                await pair.Queue.LeaveAsync();
            }
        }

        async Task CheckAsync(Step step)
        {
            var (expected, actual) = await step.RunAsync(api, pairs);
            Assert.True(expected == actual, $"{past}\n{step}\n  expected {expected}\n  actual   {actual}");
            past.Append($"\n{step}: {actual}");
        }
    }

    private static Gen<Step> On<T>(string name, Gen<T> how, Func<Pair, T, string> expected, Func<Pair, T, Task<string>> actual) =>
        Gen.Select(Gen.Int[0, Schedules - 1], how, (which, value) => new Step(
            $"{which}: {name}({value})", async (_, pairs) => (expected(pairs[which], value), await actual(pairs[which], value))));

    private static Gen<Step> OnQueue(Gen<Operation> operations) => Gen.Select(Gen.Int[0, Schedules - 1], operations, (which, operation) => new Step(
        $"{which}: {operation}", (_, pairs) => operation.RunAsync(pairs[which].QueueModel, pairs[which].Queue)));

    private static Task<(string Expected, string Actual)> AdvanceAsync(Api api, Pair[] pairs, int ms)
    {
        api.Advance(ms);
        foreach (var pair in pairs)
        {
            pair.QueueModel.Advance(ms);
        }

        return Task.FromResult(("", ""));
    }

    private static async Task<(string Expected, string Actual)> FireAsync(Api api, Pair[] pairs, int instances)
    {
        await Task.WhenAll(Enumerable.Range(0, instances).Select(_ => api.FireAsync()));
        var (expected, actual) = (new List<string>(), new List<string>());
        foreach (var pair in pairs)
        {
            pair.Model.Fire();
            expected.Add(pair.Model.Get());
            actual.Add(await pair.Service.GetAsync());
        }

        return (string.Join(" | ", expected), string.Join(" | ", actual));
    }

    private static async Task<(string Expected, string Actual)> ReapAsync(Api api, Pair[] pairs)
    {
        await api.ReapAsync();
        foreach (var pair in pairs)
        {
            pair.QueueModel.Reap();
        }

        return ("", "");
    }

    /// <summary>All jobs and counts.</summary>
    private static async Task<(string Expected, string Actual)> LookAsync(Api api, Pair[] pairs)
    {
        var (expected, actual) = (new List<string>(), new List<string>());
        foreach (var (pair, job) in pairs.SelectMany(pair => Enumerable.Range(0, pair.QueueModel.Jobs).Select(job => (pair, job))))
        {
            expected.Add(pair.QueueModel.Get(job));
            actual.Add(await pair.Queue.GetAsync(job));
        }

        foreach (var pair in pairs)
        {
            expected.Add(pair.QueueModel.Counts());
            actual.Add(await pair.Queue.CountsAsync());
        }

        return (string.Join('\n', expected), string.Join('\n', actual));
    }

    private sealed record Step(string Text, Func<Api, Pair[], Task<(string Expected, string Actual)>> RunAsync)
    {
        public override string ToString() => Text;
    }

    /// <summary>A schedule and its queue, in the model and in the service.</summary>
    private sealed class Pair
    {
        public Pair(Api api)
        {
            var queue = new ModelQueue();
            (QueueModel, Model) = (new QueueModel(queue), new ScheduleModel(queue));
            Queue = new QueueUnderTest(api);
            Service = new ScheduleUnderTest(api, Queue);
        }

        public QueueModel QueueModel { get; }

        public ScheduleModel Model { get; }

        public QueueUnderTest Queue { get; }

        public ScheduleUnderTest Service { get; }
    }

    /// <summary>Time passes in leaps: the model never forgets who settled a job, and so the service may not either.</summary>
    private static readonly Dictionary<string, string> LongMemory = new() { ["Store:SettledRetentionMs"] = "3600000" };

    public sealed class EmbeddedLongMemory(EmbeddedEngine engine) : Api(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => LongMemory;
    }

    public sealed class RedisLongMemory(RedisEngine engine) : Api(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => LongMemory;
    }

    public sealed class OnEmbedded(EmbeddedLongMemory api) : ScheduleModelTests(api), IClassFixture<EmbeddedLongMemory>;

    public sealed class OnRedis(RedisLongMemory api) : ScheduleModelTests(api), IClassFixture<RedisLongMemory>;
}
