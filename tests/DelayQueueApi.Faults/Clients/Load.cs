using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults.Clients;

/// <summary>
/// Clients of one queue at the same time, spread over the services. While the service or its store is away they wait.
/// </summary>
internal sealed class Load(IReadOnlyList<ServiceProcess> services, History history, string queue, int seed)
{
    public const int Clients = 8;

    /// <summary>Where nobody says that something is away, a call that failed is soon repeated.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private readonly Lock gate = new();
    private TaskCompletionSource back = Completed();
    private TaskCompletionSource allWait = Completed();
    private readonly HashSet<int> awaited = [];
    private Task[] running = [];
    private volatile bool stopping;
    private volatile bool abandoned;

    /// <summary>What clients want to know of a job before its creation is answered; null for nothing.</summary>
    public string? Durability { get; set; }

    /// <summary>True where clients are to begin nothing new.</summary>
    public bool IsStopping => stopping;

    /// <summary>True where clients are to end, whatever they know.</summary>
    public bool IsAbandoned => abandoned;

    public void Start() => running =
    [
        .. Enumerable.Range(0, Clients).Select(client =>
            new LoadClient(this, client, Client(client, InstanceOf(client)), Client(client, (client + 1) % services.Count), queue, new Random(seed + client)).RunAsync()),
    ];

    /// <summary>Lets so many more calls pass.</summary>
    public Task PassAsync(int calls) => WhileRunning(history.MoreAsync(calls));

    /// <summary>Takes something away, and waits until every client that needs it has met the outage.</summary>
    /// <param name="instance">The service that is taken away; null where all are, or their store.</param>
    public async Task MeetAsync(Func<Task> outage, int? instance = null)
    {
        lock (gate)
        {
            back = new(TaskCreationOptions.RunContinuationsAsynchronously);
            allWait = new(TaskCreationOptions.RunContinuationsAsynchronously);
            awaited.UnionWith(Enumerable.Range(0, Clients).Where(client => instance is null || InstanceOf(client) == instance));
        }

        await outage();
        await WhileRunning(allWait.Task);
    }

    /// <summary>What was taken away is there again.</summary>
    public void GoOn() => back.TrySetResult();

    public async Task StopAsync()
    {
        stopping = true;
        await Task.WhenAll(running).WaitAsync(ChildProcess.Patience);
    }

    /// <summary>Ends the clients, whatever they know.</summary>
    public async Task AbandonAsync()
    {
        (stopping, abandoned) = (true, true);
        GoOn();
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Finishes what is left, looks at every job that was made, and at the lists and counts of the queue.</summary>
    public async Task DrainAsync()
    {
        var api = Client(Clients, 0);
        var idle = 0;
        while (idle < 2)
        {
            var claim = await api.ClaimAsync(queue, limit: 100, LoadClient.LongLeaseMs, waitMs: LoadClient.LongLeaseMs + 2_000, $"drain-{history.Calls.Count}");
            await Task.WhenAll(claim.Grants.Select(api.AckAsync));
            idle = (await api.QueueAsync(queue)).Unfinished == 0 ? 2 : claim.Grants.Count == 0 ? idle + 1 : 0;
        }

        var known = new Evidence(history.Calls).Lives.Keys.ToArray();
        foreach (var page in known.Chunk(50))
        {
            await Task.WhenAll(page.Select((id, number) => Client(Clients, number % services.Count).LookAsync(id)));
        }

        foreach (var state in (string[])["scheduled", "ready", "leased", "dead"])
        {
            await api.ListAsync(queue, state);
        }

        await api.CountAsync(queue);
    }

    /// <summary>For a client whose call had no outcome, or none that it can work with.</summary>
    public Task WaitForReturnAsync(int client)
    {
        lock (gate)
        {
            if (back.Task.IsCompleted)
            {
                return Task.Delay(Pause, TimeProvider.System);
            }

            if (awaited.Remove(client) && awaited.Count == 0)
            {
                allWait.SetResult();
            }

            return back.Task;
        }
    }

    private int InstanceOf(int client) => client % services.Count;

    private JobClient Client(int client, int instance) => new(() => services[instance].Client, history, client, instance, Durability);

    /// <summary>Waits for a signal, or fails as the first client that fails.</summary>
    private async Task WhileRunning(Task signal) => await await Task.WhenAny([signal, .. running]).WaitAsync(ChildProcess.Patience);

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
