using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>
/// One scenario, again and again: each time the connection to the store breaks at another script call, before the store has it or after it
/// has done it. Clients repeat until they know; in the end everything is as if nothing had happened.
/// </summary>
public sealed class EnumeratedFaultTests : IAsyncLifetime
{
    private const int LeaseMs = 30_000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly RedisProcess redis = new();
    private StoreProxy network = null!;
    private ServiceProcess service = null!;

    public async ValueTask InitializeAsync()
    {
        await redis.StartAsync();
        network = new StoreProxy(redis.Port);
        service = ServiceProcess.OnRedis(network.Address, storeTimeoutMs: 5_000);
        await service.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        await network.DisposeAsync();
        await redis.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whichever_call_to_the_store_fails_the_end_is_the_same(bool applied)
    {
        var calls = 0;
        CallFault fault;
        do
        {
            fault = new CallFault(++calls, applied);
            await ScenarioAsync($"faults-{calls}", fault);
        }
        while (fault.WasMet);

        Assert.True(calls > 15, $"The scenario makes more calls than {calls}.");
        TestContext.Current.TestOutputHelper?.WriteLine($"{calls - 1} calls failed in turn.");
    }

    private async Task ScenarioAsync(string queue, CallFault fault)
    {
        using var history = new History();
        var api = new JobClient(() => service.Client, history);
        NewJob New(string name, int attempts = 5) => new($"{queue}-{name}", queue, $"\"{queue}-{name}\"", attempts);
        network.Arm(fault);

        foreach (var name in (string[])["done", "chained", "failed", "released", "held"])
        {
            await SureAsync(() => api.CreateAsync(New(name)));
        }

        var doomed = (await SureAsync(() => api.CreateAsync(New("doomed", attempts: 1)))).Made!;
        var cancelled = (await SureAsync(() => api.CreateAsync(New("cancelled") with { DelayMs = 3_600_000 }))).Made!;
        await SureAsync(() => api.CancelAsync(cancelled.Id));
        var jobs = (await SureAsync(() => api.ClaimAsync(queue, limit: 6, leaseMs: LeaseMs, claimId: $"{queue}-1"))).Grants.ToDictionary(job => job.Payload);
        ClaimedJob Of(string name) => jobs[$"\"{queue}-{name}\""];

        await SureAsync(() => api.ExtendAsync(Of("done"), 2 * LeaseMs));
        await SureAsync(() => api.AckAsync(Of("done")));
        await SureAsync(() => api.ChainAsync(Of("chained"), NewJob.After(Of("chained"))));
        await SureAsync(() => api.NackAsync(Of("failed"), delayMs: 0));
        await SureAsync(() => api.NackAsync(Of("doomed")));
        await SureAsync(() => api.ReleaseAsync(Of("released")));
        await SureAsync(() => api.CancelAsync(Of("held").Id));
        Assert.Equal(409, (await SureAsync(() => api.AckAsync(Of("held")))).Reply.Status);
        foreach (var job in (await SureAsync(() => api.ClaimAsync(queue, limit: 6, leaseMs: LeaseMs, claimId: $"{queue}-2"))).Grants)
        {
            await SureAsync(() => api.AckAsync(job));
        }

        network.Arm(null);
        await LookAsync(api, history, queue);
        var verdict = new Verdict(history.Calls);
        var counts = history.Calls.OfType<Count>().Last().Counts!;
        Assert.True(verdict.Violations.Count == 0, $"{queue}\n{verdict}");
        var dead = history.Calls.OfType<Listing>().Single(listing => listing.State == "dead").Ids;
        Assert.Equal([doomed.Id], dead);
        Assert.Equal((8, 5, 2, 1), (counts.Totals.Created, counts.Totals.Acked, counts.Totals.Cancelled, counts.Dead));
        Assert.Equal((2, 1, 9), (counts.Totals.Nacked, counts.Totals.Released, counts.Totals.Claimed));
    }

    /// <summary>Everything as it is in the end.</summary>
    private static async Task LookAsync(JobClient api, History history, string queue)
    {
        foreach (var id in new Evidence(history.Calls).Lives.Keys)
        {
            await SureAsync(() => api.LookAsync(id));
        }

        await SureAsync(() => api.CountAsync(queue));
        foreach (var state in (string[])["scheduled", "ready", "leased", "dead"])
        {
            await api.ListAsync(queue, state);
        }

        await SureAsync(() => api.CountAsync(queue));
    }

    private static async Task<T> SureAsync<T>(Func<Task<T>> call)
        where T : Call
    {
        while (true)
        {
            var seen = await call();
            if (!seen.Reply.IsUnknown && !seen.Reply.IsNotApplied)
            {
                return seen;
            }

            await Task.Delay(Pause, TimeProvider.System);
        }
    }
}
