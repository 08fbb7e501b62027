using CsCheck;

namespace DelayQueueApi.Tests.Model;

/// <summary>A call on the model and on the service.</summary>
/// <param name="RunAsync">Returns both answers; a call for which there is nothing yet answers nothing.</param>
internal sealed record Operation(string Text, Func<QueueModel, QueueUnderTest, Task<(string Expected, string Actual)>> RunAsync)
{
    public override string ToString() => Text;
}

/// <summary>Random calls: how often each, and with which values. Few of each kind, so that jobs get into each other's way.</summary>
internal static class Operations
{
    private static readonly Gen<UniqueSpec> Unique = Gen.Select(
        Among("a", "a", "b"), Among("finished", "finished", "started"), Among("return", "replace", "reject"),
        (key, until, onConflict) => new UniqueSpec(key, until, onConflict));

    public static readonly Gen<JobSpec> Job = Gen.Select(
        Among(0, 0, 0, 0, 300, 1_000), Gen.Int[0, 9], Among<int?>(null, 1, 2, 3), Among<int?>(null, null, null, 1, 300, 1_000),
        Among<int?>(null, null, 0, 400, 2_000), Gen.Frequency((1, Among<UniqueSpec?>([null])), (1, Unique.Select(unique => (UniqueSpec?)unique))),
        (delay, priority, attempts, ttl, retention, unique) => new JobSpec(delay, priority, attempts, ttl, retention, unique));

    private static readonly Gen<QueueSpec> Settings = Gen.Select(
        Among<int?>(null, 1_000, 1_500), Among<int?>(null, 1, 2), Among<int?>(null, 0, 700, 1_500), Among<int?>(null, null, 1, 2, 3),
        Among<int?>(null, 500, 1_500),
        (lease, attempts, retention, most, dead) => new QueueSpec(lease, attempts, retention, most, dead));

    public static readonly Gen<Operation> Claims = Claim("Claim", Gen.Int[0, 1_000_000]);

    /// <summary>Calls that find out for themselves what time has done to the jobs that they are about.</summary>
    private static readonly (int, IGen<Operation>)[] Single =
    [
        (16, Always("Schedule", Job, (model, job) => model.Schedule(job), (service, job) => service.ScheduleAsync(job))),
        (24, Claims),
        (4, Claim("ClaimAgain", Gen.Int[0, 2])),
        (16, OnLease("Ack", Gen.Select(Among<int?>(null, 5), Gen.Frequency((2, Gen.Const(Array.Empty<JobSpec>())), (3, Job.Array[1, 2]))).Select(of => new Ack(of.Item1, of.Item2)),
            (model, lease, ack) => model.Ack(lease, ack.Result, ack.Then), (service, lease, ack) => service.AckAsync(lease, ack.Result, ack.Then))),
        (8, OnLease("Nack", Gen.Select(Among<int?>(null, 0, 400, 800), Gen.Int[0, 3].Select(way => way == 0)),
            (model, lease, how) => model.Nack(lease, how.Item1, how.Item2), (service, lease, how) => service.NackAsync(lease, how.Item1, how.Item2))),
        (4, OnLease("Release", Gen.Const(0), (model, lease, _) => model.Release(lease), (service, lease, _) => service.ReleaseAsync(lease))),
        (4, OnLease("Extend", Gen.Int[2, 7], (model, lease, how) => model.Extend(lease, how * 500), (service, lease, how) => service.ExtendAsync(lease, how * 500))),
        (4, OnJob("Cancel", Gen.Const(0), (model, job, _) => model.Cancel(job), (service, job, _) => service.CancelAsync(job))),
        (6, OnJob("Update", Change(), (model, job, c) => model.Update(job, c.Delay, c.Priority, c.Attempts, c.Ttl), (service, job, c) => service.UpdateAsync(job, c.Delay, c.Priority, c.Attempts, c.Ttl))),
        (6, OnJob("Get", Gen.Const(0), (model, job, _) => model.Get(job), (service, job, _) => service.GetAsync(job))),
        (4, Always("Put", Settings, (model, settings) => model.Put(settings), (service, settings) => service.PutAsync(settings))),
        (1, Always("Pause", Gen.Const(true), (model, pause) => model.Pause(pause), (service, pause) => service.PauseAsync(pause))),
        (4, Always("Resume", Gen.Const(false), (model, pause) => model.Pause(pause), (service, pause) => service.PauseAsync(pause))),
    ];

    /// <summary>Calls on all jobs of a state: there a job is what it was when it was last noticed.</summary>
    private static readonly (int, IGen<Operation>)[] Bulk =
    [
        (3, Reaped("Reap", Gen.Const(0), (_, _) => "", (_, _) => Task.FromResult(""))),
        (4, Reaped("Redrive", Among(1, 2, 100), (model, limit) => model.Redrive(limit), (service, limit) => service.RedriveAsync(limit))),
        (3, Reaped("Purge", Among("dead", "scheduled", "ready", "completed", "expired"), (model, state) => model.Purge(state), (service, state) => service.PurgeAsync(state))),
        (1, Reaped("Delete", Among(false, false, true), (model, force) => model.Delete(force), (service, force) => service.DeleteAsync(force))),
        (2, Reaped("Counts", Gen.Const(0), (model, _) => model.Counts(), (service, _) => service.CountsAsync())),
    ];

    public static Gen<Operation> All { get; } = Gen.Frequency([
        .. Single, .. Bulk,
        (16, Always("Advance", Among(1, 1, 300, 699, 700, 999, 1_000), (model, ms) => Nothing(() => model.Advance(ms)), (service, ms) => NothingAsync(() => service.Advance(ms)))),
    ]);

    public static Gen<Operation> WithoutBulkAndTime { get; } = Gen.Frequency(Single);

    public static Gen<T> Among<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static Gen<Operation> Always<T>(string name, Gen<T> how, Func<QueueModel, T, string> expected, Func<QueueUnderTest, T, Task<string>> actual) =>
        how.Select(value => new Operation($"{name}({value})", async (model, service) => (expected(model, value), await actual(service, value))));

    private static Gen<Operation> Reaped<T>(string name, Gen<T> how, Func<QueueModel, T, string> expected, Func<QueueUnderTest, T, Task<string>> actual) =>
        how.Select(value => new Operation($"{name}({value})", async (model, service) =>
        {
            model.Reap();
            await service.ReapAsync();
            return (expected(model, value), await actual(service, value));
        }));

    private static Gen<Operation> OnJob<T>(string name, Gen<T> how, Func<QueueModel, int, T, string> expected, Func<QueueUnderTest, int, T, Task<string>> actual) =>
        Numbered(name, Gen.Int[0, 100], how, (model, which) => model.Jobs == 0 ? null : which % model.Jobs, expected, actual);

    /// <summary>Mostly on the newest leases: older ones are lost, which is soon tried enough.</summary>
    private static Gen<Operation> OnLease<T>(string name, Gen<T> how, Func<QueueModel, int, T, string> expected, Func<QueueUnderTest, int, T, Task<string>> actual) =>
        Numbered(name, Gen.Frequency((3, Gen.Const(0)), (1, Gen.Int[1, 7])), how,
            (model, which) => model.Leases == 0 ? null : Math.Max(0, model.Leases - 1 - which), expected, actual);

    private static Gen<Operation> Numbered<T>(
        string name, Gen<int> which, Gen<T> how, Func<QueueModel, int, int?> number, Func<QueueModel, int, T, string> expected, Func<QueueUnderTest, int, T, Task<string>> actual) =>
        Gen.Select(which, how, (w, h) => new Operation($"{name}({w}, {h})", async (model, service) =>
            number(model, w) is { } of ? (expected(model, of, h), await actual(service, of, h)) : ("", "")));

    /// <param name="name">How it is shown.</param>
    /// <param name="id">Of few ids one comes again soon.</param>
    private static Gen<Operation> Claim(string name, Gen<int> id) => Always(
        name, Gen.Select(id, Gen.Int[1, 3], Among<int?>(null, 1_000, 1_500, 5_000)),
        (model, claim) => model.Claim(claim.Item1, claim.Item2, claim.Item3), (service, claim) => service.ClaimAsync(claim.Item1, claim.Item2, claim.Item3));

    private static Gen<(int? Delay, int? Priority, int? Attempts, int? Ttl)> Change() => Gen.Select(Gen.Int[0, 3], Gen.Int[0, 2], (what, how) => what switch
    {
        0 => ((int?)(how * 900), (int?)null, (int?)null, (int?)null),
        1 => (null, how + 3, null, null),
        2 => (null, null, how + 1, null),
        _ => (null, null, null, (how * 400) + 1),
    });

    private static string Nothing(Action act)
    {
        act();
        return "";
    }

    private static Task<string> NothingAsync(Action act) => Task.FromResult(Nothing(act));

    private sealed record Ack(int? Result, JobSpec[] Then)
    {
        public override string ToString() => $"{Result}, then {string.Join(" and ", Then.AsEnumerable())}";
    }
}
