using DelayQueueApi.Faults.Histories;

namespace DelayQueueApi.Faults.Clients;

/// <summary>
/// Schedules, claims, settles, cancels and looks at jobs in turn, as its chance has it. Repeats each call until it knows the outcome.
/// </summary>
/// <param name="elsewhere">At another service, where there is one.</param>
internal sealed class LoadClient(Load load, int client, JobClient api, JobClient elsewhere, string queue, Random random)
{
    /// <summary>Long enough to be shown again after most outages.</summary>
    public const int LongLeaseMs = 6_000;

    /// <summary>For jobs that their worker forgets, or finishes at about the end of the lease.</summary>
    private const int ShortLeaseMs = 1_000;

    private readonly List<string> mine = [];
    private readonly Queue<(ClaimedJob Job, DateTimeOffset At)> slow = new();

    public async Task RunAsync()
    {
        for (var number = 1; !load.IsStopping; number++)
        {
            var job = NewJob.Any($"{client}-{number}", queue, random);
            for (var times = random.Next(10) == 0 ? 2 : 1; times > 0; times--)
            {
                if ((await SureAsync(() => api.CreateAsync(job), untilDone: false)).Made is { } made)
                {
                    mine.Add(made.Id);
                }
            }

            await WorkAsync(number);
            if (mine.Count > 0 && random.Next(8) == 0)
            {
                await SureAsync(() => api.CancelAsync(mine[^random.Next(1, Math.Min(mine.Count, 10) + 1)]));
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

    private async Task WorkAsync(int number)
    {
        if (slow.TryPeek(out var late) && TimeProvider.System.GetUtcNow() > late.At)
        {
            await SettleAsync(slow.Dequeue().Job);
        }

        var forgets = random.Next(20) == 0;
        var (limit, waitMs) = (random.Next(1, 4), random.Next(10) == 0 ? 200 : random.Next(2) * 20);
        var claim = await SureAsync(() => api.ClaimAsync(
            queue, limit, forgets ? ShortLeaseMs : LongLeaseMs, waitMs, $"{client}-{number}"));
        foreach (var job in claim.Grants)
        {
            if (!forgets)
            {
                await SettleAsync(job);
            }
            else if (random.Next(2) == 0)
            {
                slow.Enqueue((job, job.Lease.ExpiresAt.AddMilliseconds(random.Next(-600, 300))));
            }
        }
    }

    private async Task SettleAsync(ClaimedJob job)
    {
        switch (random.Next(12))
        {
            case 10 or 11 when !NewJob.IsLink(job):
                await SureAsync(() => api.ChainAsync(job, NewJob.After(job)));
                break;
            case 0:
                await SureAsync(() => api.NackAsync(job));
                break;
            case 1:
                await SureAsync(() => api.NackAsync(job, delayMs: 300));
                break;
            case 2:
                await SureAsync(() => api.ReleaseAsync(job));
                break;
            case 3:
                await SureAsync(() => api.ExtendAsync(job, LongLeaseMs));
                await SureAsync(() => api.AckAsync(job));
                break;
            case 4:
                await SureAsync(() => api.AckAsync(job));
                await SureAsync(() => api.AckAsync(job));
                break;
            default:
                await SureAsync(() => api.AckAsync(job));
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
            if (load.IsAbandoned || (!seen.Reply.IsUnknown && !seen.Reply.IsNotApplied))
            {
                return seen;
            }

            await load.WaitForReturnAsync(client);
            if (seen.Reply.IsNotApplied && !untilDone)
            {
                return seen;
            }
        }
    }
}
