using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>Services under load, and the history that is checked in the end.</summary>
internal sealed class Run : IAsyncDisposable
{
    public const string Queue = "faults";

    /// <summary>The nemesis is a client too.</summary>
    private const int Nemesis = -1;

    private readonly int seed;
    private readonly IReadOnlyList<ServiceProcess> services;
    private readonly string file = Path.Combine(
        Environment.GetEnvironmentVariable("DELAYQUEUE_HISTORIES") ?? Path.GetTempPath(), $"history-{Guid.NewGuid():N}.ndjson");

    private Run(int seed, ServiceProcess[] services)
    {
        (this.seed, this.services) = (seed, services);
        History = new History(file);
        Api = new JobClient(() => Service.Client, History);
        Load = new Load(services, History, Queue, seed);
        Random = new Random(seed);
    }

    public ServiceProcess Service => services[0];

    public History History { get; }

    public JobClient Api { get; }

    public Load Load { get; }

    /// <summary>For what the test itself decides.</summary>
    public Random Random { get; }

    /// <summary>Starts services, all on one store; the run ends them.</summary>
    public static async Task<Run> StartAsync(int seed, params ServiceProcess[] services)
    {
        var run = new Run(seed, services);
        try
        {
            await Task.WhenAll(services.Select(service => service.StartAsync()));
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets something go wrong and puts it right, in the middle of the load.</summary>
    /// <param name="meanwhile">While it is wrong.</param>
    public async Task SufferAsync(Outage outage, Func<Task>? meanwhile = null)
    {
        await Load.PassAsync(Random.Next(1, 1_000));
        var fault = History.Begin(Nemesis, 0, trip => new Fault(trip, Reply.None, outage.What));
        if (outage.IsMet)
        {
            await Load.MeetAsync(outage.BeginAsync, outage.Instance);
        }
        else
        {
            await outage.BeginAsync();
            await Load.PassAsync(300);
        }

        await (meanwhile?.Invoke() ?? Task.CompletedTask);
        await outage.EndAsync();
        History.End(fault with { Reply = new Reply(200) });
        Load.GoOn();
    }

    /// <summary>Lets the clients end, finishes what is left, and checks all promises.</summary>
    /// <param name="doubt">How long before a kill of the store an answer promises nothing.</param>
    public async Task<Verdict> EndAsync(TimeSpan doubt = default)
    {
        await Load.PassAsync(500);
        await Load.StopAsync();
        await Task.WhenAll(services.Select(service => service.ReadyAsync()));
        await Load.DrainAsync();

        var verdict = new Verdict(Doubt.Before(History.Calls, doubt));
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}\n{verdict}");
        Assert.True(verdict.Validity == Validity.Valid, $"Seed {seed}, {file}\n{verdict}\n{string.Join('\n', services.Select(service => service.Output))}");
        if (Environment.GetEnvironmentVariable("DELAYQUEUE_HISTORIES") is null)
        {
            File.Delete(file);
        }

        return verdict;
    }

    public async ValueTask DisposeAsync()
    {
        await Load.AbandonAsync();
        foreach (var service in services)
        {
            await service.DisposeAsync();
        }

        History.Dispose();
    }
}
