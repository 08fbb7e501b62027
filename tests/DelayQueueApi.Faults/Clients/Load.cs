using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults.Clients;

/// <summary>
/// Clients that schedule, claim, settle and cancel jobs of one queue at the same time. Each repeats a call until it knows the
/// outcome; while the service or its store is away they wait.
/// </summary>
internal sealed class Load(JobClient api, History history, string queue, int seed)
{
    private const int Clients = 8;

    /// <summary>Long enough to be shown again after an outage; the short ones are for jobs that their worker forgets.</summary>
    private const int LongLeaseMs = 6_000;
    private const int ShortLeaseMs = 1_000;

    private readonly Lock gate = new();
    private TaskCompletionSource back = Completed();
    private TaskCompletionSource allWait = Completed();
    private int waiting;
    private Task[] running = [];
    private volatile bool stopping;

    public void Start() => running = [.. Enumerable.Range(0, Clients).Select(client => RunAsync(client, new Random(seed + client)))];

    /// <summary>Lets so many more calls pass.</summary>
    public Task PassAsync(int calls) => WhileRunning(history.MoreAsync(calls));

    /// <summary>Takes something away, and waits until every client has met the outage.</summary>
    public async Task MeetAsync(Func<Task> outage)
    {
        lock (gate)
        {
            back = new(TaskCreationOptions.RunContinuationsAsynchronously);
            allWait = new(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting = 0;
        }

        await outage();
        await WhileRunning(allWait.Task);
    }

    /// <summary>What was taken away is there again.</summary>
    public void GoOn() => back.SetResult();

    public async Task StopAsync()
    {
        stopping = true;
        await Task.WhenAll(running).WaitAsync(ChildProcess.Patience);
    }

    /// <summary>Finishes what is left, and looks at every job that was made.</summary>
    public async Task<Queue> DrainAsync()
    {
        Queue left;
        do
        {
            var claim = await api.ClaimAsync(queue, limit: 100, leaseMs: LongLeaseMs, waitMs: LongLeaseMs + 2_000);
            await Task.WhenAll(claim.Grants.Select(job => api.SettleAsync(Verb.Ack, job)));
            left = await api.QueueAsync(queue);
            if (claim.Grants.Count == 0)
            {
                break;
            }
        }
        while (left.Unfinished > 0);

        var made = history.Calls.OfType<Create>().Select(create => create.Made?.Id).Concat(history.Calls.OfType<Settle>().Select(ack => ack.FollowUp));
        foreach (var page in made.OfType<string>().Distinct().Chunk(50))
        {
            await Task.WhenAll(page.Select(api.LookAsync));
        }

        return left;
    }

    /// <summary>Waits for a signal, or fails as the first client that fails.</summary>
    private async Task WhileRunning(Task signal) => await await Task.WhenAny([signal, .. running]).WaitAsync(ChildProcess.Patience);

    private async Task RunAsync(int client, Random random)
    {
        var mine = new List<string>();
        for (var number = 1; !stopping; number++)
        {
            var job = NewJob.Any($"{client}-{number}", queue, random);
            for (var times = random.Next(10) == 0 ? 2 : 1; times > 0; times--)
            {
                if ((await SureAsync(() => api.CreateAsync(job), untilDone: false)).Made is { } made)
                {
                    mine.Add(made.Id);
                }
            }

            await WorkAsync(random);
            if (mine.Count > 0 && random.Next(8) == 0)
            {
                await SureAsync(() => api.CancelAsync(mine[^random.Next(1, Math.Min(mine.Count, 10) + 1)]));
            }
        }
    }

    private async Task WorkAsync(Random random)
    {
        var forgets = random.Next(20) == 0;
        var claim = await api.ClaimAsync(queue, random.Next(1, 4), forgets ? ShortLeaseMs : LongLeaseMs, waitMs: random.Next(20));
        if (!claim.Reply.IsDone)
        {
            await WaitForReturnAsync();
        }

        foreach (var job in forgets ? [] : claim.Grants)
        {
            await SettleAsync(job, random);
        }
    }

    private async Task SettleAsync(ClaimedJob job, Random random)
    {
        switch (random.Next(12))
        {
            case 10 or 11 when !NewJob.IsLink(job):
                await SureAsync(() => api.ChainAsync(job, NewJob.After(job)));
                break;
            case 0:
                await SureAsync(() => api.SettleAsync(Verb.Nack, job));
                break;
            case 1:
                await SureAsync(() => api.SettleAsync(Verb.Nack, job, "\"delayMs\":300"));
                break;
            case 2:
                await SureAsync(() => api.SettleAsync(Verb.Release, job));
                break;
            case 3:
                await SureAsync(() => api.SettleAsync(Verb.Extend, job, $"\"leaseMs\":{LongLeaseMs}"));
                await SureAsync(() => api.SettleAsync(Verb.Ack, job));
                break;
            case 4:
                await SureAsync(() => api.SettleAsync(Verb.Ack, job));
                await SureAsync(() => api.SettleAsync(Verb.Ack, job));
                break;
            default:
                await SureAsync(() => api.SettleAsync(Verb.Ack, job));
                break;
        }
    }

    /// <param name="untilDone">False to give up where the answer says that the call had no effect.</param>
    private async Task<T> SureAsync<T>(Func<Task<T>> call, bool untilDone = true)
        where T : Call
    {
        while (true)
        {
            var seen = await call();
            if (!seen.Reply.IsUnknown && !seen.Reply.IsNotApplied)
            {
                return seen;
            }

            await WaitForReturnAsync();
            if (seen.Reply.IsNotApplied && !untilDone)
            {
                return seen;
            }
        }
    }

    private Task WaitForReturnAsync()
    {
        lock (gate)
        {
            if (!back.Task.IsCompleted && ++waiting == Clients)
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
