namespace DelayQueueApi.Faults.Histories;

/// <summary>Every call of a run, in the order in which clients saw them begin and end.</summary>
internal sealed class History
{
    private readonly Lock gate = new();
    private readonly List<Call> calls = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> waiting = [];
    private long order;

    public IReadOnlyList<Call> Calls
    {
        get
        {
            lock (gate)
            {
                return [.. calls];
            }
        }
    }

    /// <returns>The next place in the order, for a call's beginning or end.</returns>
    public long Next() => Interlocked.Increment(ref order);

    public void Add(Call call)
    {
        lock (gate)
        {
            calls.Add(call);
            foreach (var (_, reached) in waiting.Where(wait => wait.Count == calls.Count))
            {
                reached.SetResult();
            }
        }
    }

    /// <summary>Completes when so many more calls are recorded.</summary>
    public Task MoreAsync(int count)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            waiting.Add((calls.Count + count, reached));
        }

        return reached.Task;
    }
}
