namespace DelayQueueApi.Faults.Histories;

/// <summary>
/// Takes back what was answered shortly before a kill of the store, for stores that write to disk later than they answer: those calls
/// may have had their effect or not, as if nobody had answered. Jobs of which replicas are known to have them are promised all the same.
/// </summary>
internal static class Doubt
{
    public static IReadOnlyList<Call> Before(IReadOnlyList<Call> calls, TimeSpan doubt)
    {
        var faults = calls.OfType<Fault>().ToArray();
        return doubt == TimeSpan.Zero ? calls : [.. calls.Select(call => faults.Any(fault => Falls(call, fault)) ? Unanswered(call) : call)];

        bool Falls(Call call, Fault fault) => call.Began < fault.Ended && call.Ended > fault.Began - (long)doubt.TotalMicroseconds;
    }

    private static Call Unanswered(Call call) => call switch
    {
        Create { IsDurable: true } => call,
        Create create => create with { Reply = Reply.None, Made = null },
        Claim claim => claim with { Reply = Reply.None, Grants = [] },
        Settle settle => settle with { Reply = Reply.None, Answer = null },
        Cancel cancel => cancel with { Reply = Reply.None },
        Look look => look with { Reply = Reply.None, Found = null },
        _ => call,
    };
}
