namespace DelayQueueApi.Faults.Histories;

/// <summary>A promise that a history breaks.</summary>
/// <param name="Promise">Its number, such as S3.</param>
/// <param name="JobId">The job that shows it, where it is one.</param>
/// <param name="At">µs of the run's clock at which it could be seen.</param>
internal sealed record Violation(string Promise, string? JobId, long At, string What)
{
    public override string ToString() => $"{Promise} {(JobId is null ? "" : JobId + " ")}{What}";
}
