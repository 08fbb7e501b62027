using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Histories;

/// <summary>
/// Histories written by hand. For every promise there is the smallest one that breaks it: its check catches that, and no other does.
/// </summary>
public abstract class HandMadeHistory
{
    private protected const string NextPayload = "{ \"after\":\"job\" }";

    private const int LeaseMs = 1_000;

    private protected static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<Call> calls = [];
    private long now;
    private int number;

    private protected IReadOnlyList<Call> Calls => calls;

    private protected void AssertBroken(string promise) =>
        Assert.Equal([promise], Checks.All(new Evidence(calls)).Select(violation => violation.Promise).Distinct());

    private protected static string PayloadOf(string key) => $$"""{ "key":"{{key}}" }""";

    private protected void Wait(int seconds) => now += seconds * 1_000_000L;

    /// <returns>A moment, for a call that begins now and ends later.</returns>
    private protected long Begin() => ++now;

    private protected void Create(int status = 201, string id = "job", string key = "key", Func<Job, Job>? made = null)
    {
        var job = new Job(id, "queue", "ready", PayloadOf(key), Start, Start, 0, 20);
        calls.Add(new Create(Trip(), Reply(status), new NewJob(key, "queue", PayloadOf(key)), status == 201 ? made?.Invoke(job) ?? job : null));
    }

    /// <param name="at">Ms after the start; the lease is a second long.</param>
    /// <param name="since">Of a claim that waits: when it began.</param>
    private protected void Claim(long fence, int at, int attempt = 1, Func<ClaimedJob, ClaimedJob>? granted = null, long? since = null)
    {
        // The run's clock shows what the store's does.
        now = Math.Max(now, at * 1_000L);
        var job = new ClaimedJob("job", "queue", PayloadOf("key"), attempt, 20, Start, at, new Lease("token", fence, Start.AddMilliseconds(at + LeaseMs)));
        calls.Add(new Claim(Trip(began: since), Reply(200), "queue", 1, LeaseMs, since is null ? 0 : 60_000, null, [granted?.Invoke(job) ?? job]));
    }

    private protected void ClaimNothing() => calls.Add(new Claim(Trip(), Reply(200), "queue", 1, LeaseMs, 0, null, []));

    /// <param name="time">Ms after the start: where a nack puts the next run-at, an extend the lease's end.</param>
    private protected void Settle(Verb verb, long fence, int status = 200, int time = 0, string? state = null)
    {
        var at = Start.AddMilliseconds(time);
        var answer = new SettleAnswer(state, verb == Verb.Nack ? at : null, verb == Verb.Extend ? at : null);
        calls.Add(new Settle(Trip(), Reply(status), verb, "job", fence, Answer: status == 200 ? answer : null));
    }

    private protected void Chain(long fence, string id, int status = 200) => calls.Add(new Settle(
        Trip(), Reply(status), Verb.Ack, "job", fence, Then: new NewJob("after job", "queue", NextPayload),
        Answer: status == 200 ? new SettleAnswer(Then: [id]) : null));

    private protected void Cancel() => calls.Add(new Cancel(Trip(), Reply(204), "job"));

    private protected void Look(string? state, string id = "job", int instance = 0, int attempt = 20)
    {
        var payload = id switch { "next" => NextPayload, "lost" => PayloadOf("third"), _ => PayloadOf("key") };
        calls.Add(new Look(
            Trip(instance), Reply(state is null ? 404 : 200), id, state is null ? null : new Job(id, "queue", state, payload, Start, Start, attempt, 20)));
    }

    private protected void List(string state, params string[] ids) => calls.Add(new Listing(Trip(), Reply(200), state, ids));

    private protected void Count(int created, int acked) => calls.Add(new Count(
        Trip(), Reply(200), new Queue(0, 0, 0, 0, new Totals(created, 0, acked, 0, 0, 0, 0, 0))));

    private protected void Fail() => calls.Add(new Fault(Trip(), Reply(200), "fault"));

    /// <summary>The whole life of a job of which nothing is wrong.</summary>
    private protected void Whole(string name)
    {
        Create(id: name, key: name);
        Claim(fence: 1, at: 0, granted: job => job with { Id = name, Payload = PayloadOf(name) });
        calls.Add(new Settle(Trip(), Reply(204), Verb.Ack, name, 1));
        calls.Add(new Look(Trip(), Reply(404), name));
    }

    private Trip Trip(int instance = 0, long? began = null)
    {
        var from = began ?? ++now;
        return new Trip(++number, 0, instance, from, ++now);
    }

    private static Reply Reply(int status) => new(status, status == 503 ? "no" : null);
}
