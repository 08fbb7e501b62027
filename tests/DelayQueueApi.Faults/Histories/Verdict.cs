using System.Text;

namespace DelayQueueApi.Faults.Histories;

internal enum Validity
{
    Valid,
    Invalid,

    /// <summary>Too little happened to tell.</summary>
    Unknown,
}

/// <summary>What a history shows: whether the promises hold, how many jobs came how often, and how long what was broken had an effect.</summary>
internal sealed class Verdict
{
    /// <summary>Jobs that must be made and acked for a history to tell anything.</summary>
    private const int Enough = 25;

    private readonly Evidence evidence;

    public Verdict(IReadOnlyList<Call> calls)
    {
        evidence = new Evidence(calls);
        Violations = Checks.All(evidence);
        var lives = evidence.Lives.Values;
        Acknowledged = lives.Count(life => life.PromisedAt < long.MaxValue);
        Acked = lives.Count(life => life.Settles.Any(ack => ack is { Verb: Verb.Ack, Reply.IsDone: true }));
        Lost = Violations.Count(violation => violation.Promise == "S1");
        Unexpected = lives.Count(life => life.Grants.Any(grant => !evidence.Asked.ContainsKey(grant.Job.Payload)));
        Recovered = lives.Count(life => life.PromisedAt == long.MaxValue && life.Grants.Any(grant => evidence.Asked.ContainsKey(grant.Job.Payload)));
        Duplicated = lives.Sum(life => Math.Max(0, life.Grants.Count - 1));
        Validity = Violations.Count > 0 ? Validity.Invalid : Acknowledged < Enough || Acked < Enough ? Validity.Unknown : Validity.Valid;
    }

    public Validity Validity { get; }

    public IReadOnlyList<Violation> Violations { get; }

    /// <summary>Jobs that were promised by an answer.</summary>
    public int Acknowledged { get; }

    public int Acked { get; }

    /// <summary>Jobs that were promised, and are gone though nobody finished them.</summary>
    public int Lost { get; }

    /// <summary>Jobs that came to a worker and that nobody had asked for.</summary>
    public int Unexpected { get; }

    /// <summary>Jobs that came to a worker though their producer never had an answer.</summary>
    public int Recovered { get; }

    /// <summary>Deliveries beyond the first of a job: after a nack, a release or the end of a lease.</summary>
    public int Duplicated { get; }

    /// <summary>Of every fault that was mended: µs until the first job came; null where none did.</summary>
    public IEnumerable<(string What, long? Micros)> Recoveries
    {
        get
        {
            var flow = new FlowChecks(evidence);
            return evidence.Faults.Where(fault => fault.Ended < long.MaxValue).Select(fault => (fault.What, flow.Recovery(fault)));
        }
    }

    /// <summary>µs of the longest time without a create or ack that was done.</summary>
    public long LongestGap
    {
        get
        {
            var done = evidence.Calls.Where(call => call is Create or Settle && call.Reply.IsDone).Select(call => call.Ended).Order().ToArray();
            return done.Zip(done.Skip(1), (earlier, later) => later - earlier).DefaultIfEmpty(0).Max();
        }
    }

    public override string ToString()
    {
        var calls = evidence.Calls;
        var (unknown, notApplied) = (calls.Count(call => call.Reply.IsUnknown), calls.Count(call => call.Reply.IsNotApplied));
        var late = evidence.Lives.Values.SelectMany(life => life.Grants.Take(1)).Select(grant => grant.Job.LateMs).Order().ToArray();
        var text = new StringBuilder()
            .AppendLine($"{Validity}: {calls.Count} calls, {unknown} unknown, {notApplied} not applied, {evidence.Faults.Count} faults")
            .Append($"jobs: {evidence.Asked.Count} attempted, {Acknowledged} acknowledged, {Acked} acked, {Lost} lost, ")
            .AppendLine($"{Unexpected} unexpected, {Recovered} recovered, {Duplicated} delivered again")
            .Append($"late, first deliveries: p50 {Percentile(late, 50)} ms, p99 {Percentile(late, 99)} ms; ")
            .AppendLine($"longest gap {LongestGap / 1_000} ms");
        foreach (var fault in Recoveries.GroupBy(recovery => recovery.What, recovery => recovery.Micros))
        {
            var times = string.Join(", ", fault.Select(micros => micros is null ? "never" : $"{micros / 1_000} ms"));
            text.AppendLine($"{fault.Key}: {fault.Count()} times, jobs flow again after {times}");
        }

        foreach (var promise in Violations.GroupBy(violation => violation.Promise))
        {
            text.AppendLine($"{promise.Key} is broken {promise.Count()} times");
        }

        if (Violations is [var first, ..])
        {
            text.AppendLine($"first, at {first.At / 1e6:0.000000} s: {first}");
            if (first.JobId is { } id)
            {
                text.AppendLine(Timeline.Of(evidence, id));
            }
        }

        return text.ToString();
    }

    private static long Percentile(long[] sorted, int percent) => sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, sorted.Length * percent / 100)];
}
