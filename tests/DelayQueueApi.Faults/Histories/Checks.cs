namespace DelayQueueApi.Faults.Histories;

/// <summary>The service's promises, held against a history.</summary>
internal static class Checks
{
    /// <returns>What is broken, in the order in which it could be seen; empty where all promises hold.</returns>
    public static IReadOnlyList<Violation> All(Evidence evidence) =>
    [
        .. evidence.Lives.Values.SelectMany(life => new Replay(life, evidence).Violations().Concat(new EndChecks(life).Violations()))
            .Concat(new IdentityChecks(evidence).Violations())
            .Concat(new CountChecks(evidence).Violations())
            .Concat(new FlowChecks(evidence).Violations())
            .OrderBy(violation => violation.At),
    ];
}
