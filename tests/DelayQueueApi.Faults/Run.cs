using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>A service under load, and the history that is checked in the end.</summary>
internal sealed class Run : IAsyncDisposable
{
    public const string Queue = "faults";

    private readonly int seed;

    public Run(ServiceProcess service, int seed)
    {
        this.seed = seed;
        Service = service;
        Api = new JobClient(() => service.Client, History);
        Load = new Load(Api, History, Queue, seed);
    }

    public ServiceProcess Service { get; }

    public History History { get; } = new();

    public JobClient Api { get; }

    public Load Load { get; }

    /// <summary>Lets the clients end, finishes what is left, and checks all promises.</summary>
    public async Task EndAsync()
    {
        await Load.StopAsync();
        var queue = await Load.DrainAsync();

        var calls = History.Calls;
        var dead = calls.OfType<Look>().Count(look => look.State == "dead");
        IReadOnlyList<string> wrong =
        [
            .. new Checks(calls).All(),
            .. queue.Unfinished > 0 || queue.Dead != dead ? [$"S10 the queue counts {queue}, and {dead} jobs are dead"] : Array.Empty<string>(),
            .. queue.Totals.Created != queue.Totals.Acked + queue.Totals.Cancelled + dead ? [$"S11 the totals do not add up: {queue}"] : Array.Empty<string>(),
        ];
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"Seed {seed}: {calls.Count} calls, {calls.Count(call => call.Reply.IsUnknown)} unknown, {calls.Count(call => call.Reply.IsNotApplied)} not applied; {queue}");
        Assert.True(wrong.Count == 0, $"Seed {seed}:\n{string.Join('\n', wrong.Take(20))}\n{Service.Output}");
    }

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}
