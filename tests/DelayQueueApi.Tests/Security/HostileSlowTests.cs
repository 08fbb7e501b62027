using System.Net.Sockets;
using System.Text;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>Clients that hold connections and send or read next to nothing. The service lets go of them, and serves others meanwhile.</summary>
public sealed class HostileSlowTests(HostileSlowTests.Impatient service) : IClassFixture<HostileSlowTests.Impatient>
{
    private const int Clients = 200;

    [Theory]
    [InlineData("POST /jobs HTTP/1.1\r\nHost: localhost\r\nX-A: ")]
    [InlineData("POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")]
    [InlineData("POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")]
    public async Task Who_sends_no_further_is_let_go(string start)
    {
        var clients = await ConnectAsync(start);

        await service.AssertWellAsync();
        var answers = await Task.WhenAll(clients.Select(ReadToEndAsync));

        Assert.All(answers, answer => Assert.True(HostileService.Statuses(answer) is "408" or "", answer));
    }

    [Fact]
    public async Task Who_reads_no_further_is_let_go()
    {
        // More than the buffers of a connection hold.
        var requests = string.Concat(Enumerable.Repeat("GET /dashboard/vendor/uplot/uPlot.esm.js HTTP/1.1\r\nHost: localhost\r\n\r\n", 200));
        var clients = await ConnectAsync(requests);

        await service.AssertWellAsync();
        await Api.UntilAsync(() => service.Connections <= 2);

        Assert.All(clients, client => client.Dispose());
    }

    private async Task<NetworkStream[]> ConnectAsync(string start)
    {
        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => service.ConnectAsync()));
        await Task.WhenAll(clients.Select(client => client.WriteAsync(Encoding.ASCII.GetBytes(start)).AsTask()));
        return clients;
    }

    private static async Task<string> ReadToEndAsync(NetworkStream client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using (client)
        {
            using var reader = new StreamReader(client);
            try
            {
                return await reader.ReadToEndAsync(limit.Token);
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    /// <summary>It waits for slow clients no longer than it must.</summary>
    public sealed class Impatient : HostileService
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
        {
            ["Limits:HeadersTimeoutMs"] = "1000",
            ["Limits:SlowAfterMs"] = "2000",
            ["Limits:MinBytesPerSecond"] = "1000000",
        };
    }
}
