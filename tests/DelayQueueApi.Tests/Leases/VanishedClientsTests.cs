using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Leases;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace DelayQueueApi.Tests.Leases;

/// <summary>A thousand clients wait for jobs over real connections, and go away without a word.</summary>
public sealed class VanishedClientsTests(RealService service) : IClassFixture<RealService>, IDisposable
{
    private const int Clients = 1_000;

    private readonly CancellationTokenSource gone = new();
    private readonly string queue = Api.NewQueue();

    private WaitingClaims Waiting => service.Services.GetRequiredService<WaitingClaims>();

    public void Dispose() => gone.Dispose();

    [Fact]
    public async Task Claims_of_clients_that_are_gone_wait_for_nothing_and_take_no_job()
    {
        using var http = new HttpClient { BaseAddress = service.Address };
        var polls = await WaitAsync(http, leaseMs: 3_600_000);

        await gone.CancelAsync();
        Assert.All(await Task.WhenAll(polls), Assert.Null);
        await Api.UntilAsync(() => Waiting.Waiting == 0);
        await EnqueueAsync(http);

        var counts = await CountsAsync(http);
        Assert.Equal((Clients, 0, 0), (counts.Ready, counts.Leased, counts.Totals.Claimed));
    }

    /// <summary>An answer that has left already is the client's, whoever reads it: such a job comes back when its lease ends.</summary>
    [Fact]
    public async Task Jobs_that_come_while_clients_go_are_all_there_in_the_end()
    {
        using var http = new HttpClient { BaseAddress = service.Address };
        var polls = await WaitAsync(http, leaseMs: 1_000);

        await Task.WhenAll(EnqueueAsync(http), gone.CancelAsync());

        await Task.WhenAll(polls);
        await Api.UntilAsync(() => Waiting.Waiting == 0);
        var there = new HashSet<string>();
        while (there.Count < Clients)
        {
            using var claim = Json($$"""{"queues":["{{queue}}"],"limit":100,"leaseMs":3600000,"waitMs":5000}""");
            var claimed = await Api.ReadAsync(await http.PostAsync("/jobs/claim", claim, TestContext.Current.CancellationToken), WireJson.Default.ClaimJobsResponse);
            Assert.All(claimed.Jobs, job => Assert.True(there.Add(job.Id), "Nobody else has it."));
        }

        var counts = await CountsAsync(http);
        Assert.Equal((0, Clients), (counts.Ready, counts.Leased));
        Api.AssertAddsUp(counts);
        TestContext.Current.TestOutputHelper?.WriteLine($"Released at once: {counts.Totals.Released}. Came back with the end of their leases: {counts.Totals.LeasesExpired}.");
    }

    /// <returns>What each claim is answered; null where its client was gone.</returns>
    private async Task<Task<string?>[]> WaitAsync(HttpClient http, int leaseMs)
    {
        var polls = Enumerable.Range(0, Clients).Select(_ => PollAsync()).ToArray();
        await Api.UntilAsync(() => Waiting.Waiting == Clients);
        return polls;

        async Task<string?> PollAsync()
        {
            try
            {
                using var claim = Json($$"""{"queues":["{{queue}}"],"waitMs":60000,"leaseMs":{{leaseMs}}}""");
                using var answer = await http.PostAsync("/jobs/claim", claim, gone.Token);
                return await answer.Content.ReadAsStringAsync(gone.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }
    }

    private async Task EnqueueAsync(HttpClient http)
    {
        using var batch = Json($$"""{"jobs":[{{string.Join(',', Enumerable.Repeat($$"""{"queue":"{{queue}}","payload":1,"maxAttempts":9}""", Clients))}}]}""");
        using var answer = await http.PostAsync("/jobs/batch", batch, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<GetQueue.Response> CountsAsync(HttpClient http) =>
        await Api.ReadAsync(await http.GetAsync($"/queues/{queue}", TestContext.Current.CancellationToken), WireJson.Default.GetQueueResponse);

    private static ByteArrayContent Json(string body) => Api.Content(Encoding.UTF8.GetBytes(body), "application/json");
}
