using System.Net;
using System.Text.Json;
using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

public sealed class ShutdownTests : IAsyncLifetime
{
    private const string Queue = "stopped";

    /// <summary>Less than the half minute after which the host would end by force.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly ServiceProcess service = ServiceProcess.OnEmbedded();
    private readonly JobClient api;

    public ShutdownTests() => api = new JobClient(() => service.Client, new History());

    public async ValueTask InitializeAsync() => await service.StartAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task Claims_that_wait_are_answered_with_nothing_and_the_process_ends_well()
    {
        var waiting = new List<Task<HttpResponseMessage>>();
        for (var claim = 0; claim < 100; claim++)
        {
            waiting.Add(await WaitingClaim.BeginAsync(service.Client, Queue));
        }

        var (time, started) = (TimeProvider.System, TimeProvider.System.GetTimestamp());
        var answered = Task.WhenAll(waiting).ContinueWith(_ => time.GetElapsedTime(started), TaskScheduler.Default);
        var exitCode = await service.StopAsync().WaitAsync(Soon);
        TestContext.Current.TestOutputHelper?.WriteLine($"{waiting.Count} claims that could wait for a minute were answered {(await answered).TotalMilliseconds:F0} ms after the signal.");

        Assert.Equal(0, exitCode);
        foreach (var answer in await Task.WhenAll(waiting))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Empty(JsonSerializer.Deserialize<ClaimAnswer>(await answer.Content.ReadAsStringAsync(), JsonSerializerOptions.Web)!.Jobs);
        }
    }

    [Fact]
    public async Task While_it_drains_it_is_not_ready_and_serves_all_the_same()
    {
        await using var draining = ServiceProcess.OnEmbedded().With("Limits__DrainMs", "60000");
        await draining.StartAsync();
        await draining.ReadyAsync();
        var producer = new JobClient(() => draining.Client, new History());

        await draining.AskToStopAsync();
        await Poll.UntilAsync(async () =>
        {
            using var answer = await draining.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return answer.StatusCode == HttpStatusCode.ServiceUnavailable;
        });

        Assert.Equal(201, (await producer.CreateAsync(new NewJob("late", Queue, "1"))).Reply.Status);
    }

    [Fact]
    public async Task Jobs_that_are_leased_remain_leased()
    {
        await api.CreateAsync(new NewJob("held", Queue, "1"));
        var held = Assert.Single((await api.ClaimAsync(Queue)).Grants);

        await service.StopAsync();
        await service.StartAsync();

        var job = await api.JobAsync(held.Id);
        Assert.Equal(("leased", held.Lease.Fence), (job.State, job.Lease!.Fence));
        Assert.Empty((await api.ClaimAsync(Queue)).Grants);
    }
}
