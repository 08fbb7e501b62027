using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults.Clients;

/// <summary>
/// Clients that schedule, claim, settle, cancel and look at jobs of one queue at the same time, spread over the services. Each repeats a
/// call until it knows the outcome; while the service or its store is away they wait.
/// </summary>
internal sealed class Load(IReadOnlyList<ServiceProcess> services, History history, string queue, int seed)
{
    private const int Clients = 8;

    /// <summary>Long enough to be shown again after most outages; the short ones are for jobs that their worker forgets, or
    /// finishes at about their end.</summary>
    private const int LongLeaseMs = 6_000;
    private const int ShortLeaseMs = 1_000;

    /// <summary>Where nobody says that something is away, a call that failed is soon repeated.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private readonly Lock gate = new();
    private TaskCompletionSource back = Completed();
    private TaskCompletionSource allWait = Completed();
    private readonly HashSet<int> awaited = [];
    private Task[] running = [];
    private volatile bool stopping;
    private volatile bool abandoned;

    public void Start() => running = [.. Enumerable.Range(0, Clients).Select(client => RunAsync(client, new Random(seed + client)))];

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
            var claim = await api.ClaimAsync(queue, limit: 100, leaseMs: LongLeaseMs, waitMs: LongLeaseMs + 2_000, claimId: $"drain-{history.Calls.Count}");
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

    private int InstanceOf(int client) => client % services.Count;

    private JobClient Client(int client, int instance) => new(() => services[instance].Client, history, client, instance);

    /// <summary>Waits for a signal, or fails as the first client that fails.</summary>
    private async Task WhileRunning(Task signal) => await await Task.WhenAny([signal, .. running]).WaitAsync(ChildProcess.Patience);

    private async Task RunAsync(int client, Random random)
    {
        var api = Client(client, InstanceOf(client));
        var elsewhere = Client(client, (client + 1) % services.Count);
        var mine = new List<string>();
        var slow = new Queue<(ClaimedJob Job, DateTimeOffset At)>();
        for (var number = 1; !stopping; number++)
        {
            var job = NewJob.Any($"{client}-{number}", queue, random);
            for (var times = random.Next(10) == 0 ? 2 : 1; times > 0; times--)
            {
                if ((await SureAsync(client, () => api.CreateAsync(job), untilDone: false)).Made is { } made)
                {
                    mine.Add(made.Id);
                }
            }

            await WorkAsync(client, number, api, slow, random);
            if (mine.Count > 0 && random.Next(8) == 0)
            {
                await SureAsync(client, () => api.CancelAsync(mine[^random.Next(1, Math.Min(mine.Count, 10) + 1)]));
            }

            if (mine.Count > 0 && random.Next(10) == 0)
            {
                await elsewhere.LookAsync(mine[^1]);
            }

            if (random.Next(20) == 0)
            {
                await elsewhere.CountAsync(queue);
            }
        }
    }

    private async Task WorkAsync(int client, int number, JobClient api, Queue<(ClaimedJob Job, DateTimeOffset At)> slow, Random random)
    {
        if (slow.TryPeek(out var late) && TimeProvider.System.GetUtcNow() > late.At)
        {
            await SettleAsync(client, api, slow.Dequeue().Job, random);
        }

        var forgets = random.Next(20) == 0;
        var (limit, waitMs) = (random.Next(1, 4), random.Next(10) == 0 ? 200 : random.Next(2) * 20);
        var claim = await SureAsync(client, () => api.ClaimAsync(
            queue, limit, forgets ? ShortLeaseMs : LongLeaseMs, waitMs, $"{client}-{number}"));
        foreach (var job in claim.Grants)
        {
            if (!forgets)
            {
                await SettleAsync(client, api, job, random);
            }
            else if (random.Next(2) == 0)
            {
                slow.Enqueue((job, job.Lease.ExpiresAt.AddMilliseconds(random.Next(-600, 300))));
            }
        }
    }

    private async Task SettleAsync(int client, JobClient api, ClaimedJob job, Random random)
    {
        switch (random.Next(12))
        {
            case 10 or 11 when !NewJob.IsLink(job):
                await SureAsync(client, () => api.ChainAsync(job, NewJob.After(job)));
                break;
            case 0:
                await SureAsync(client, () => api.NackAsync(job));
                break;
            case 1:
                await SureAsync(client, () => api.NackAsync(job, delayMs: 300));
                break;
            case 2:
                await SureAsync(client, () => api.ReleaseAsync(job));
                break;
            case 3:
                await SureAsync(client, () => api.ExtendAsync(job, LongLeaseMs));
                await SureAsync(client, () => api.AckAsync(job));
                break;
            case 4:
                await SureAsync(client, () => api.AckAsync(job));
                await SureAsync(client, () => api.AckAsync(job));
                break;
            default:
                await SureAsync(client, () => api.AckAsync(job));
                break;
        }
    }

    /// <param name="untilDone">False to give up where the answer says that the call had no effect.</param>
    private async Task<T> SureAsync<T>(int client, Func<Task<T>> call, bool untilDone = true)
        where T : Call
    {
        while (true)
        {
            var seen = await call();
            if (abandoned || (!seen.Reply.IsUnknown && !seen.Reply.IsNotApplied))
            {
                return seen;
            }

            await WaitForReturnAsync(client);
            if (seen.Reply.IsNotApplied && !untilDone)
            {
                return seen;
            }
        }
    }

    private Task WaitForReturnAsync(int client)
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

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
