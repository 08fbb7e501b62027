using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>The service on a port of its own, spoken to byte by byte.</summary>
public partial class HostileService : RealService
{
    private const string Farewell = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    private readonly MeterListener meters = new();
    private readonly ConcurrentDictionary<int, long> connections = [];

    public HostileService()
    {
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Microsoft.AspNetCore.Server.Kestrel", Name: "kestrel.active_connections" })
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meters.SetMeasurementEventCallback<long>((_, change, tags, _) =>
        {
            var port = tags.ToArray().FirstOrDefault(tag => tag.Key == "server.port").Value;
            connections.AddOrUpdate((int)port!, change, (_, count) => count + change);
        });
        meters.Start();
    }

    /// <summary>How many connections the service has.</summary>
    public long Connections => connections.GetValueOrDefault(Address.Port);

    public async Task<NetworkStream> ConnectAsync()
    {
        // What a client does not read must not fit into its system's buffers.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4_096 };
        await socket.ConnectAsync(Address.Host, Address.Port, TestContext.Current.CancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Sends bytes, and behind them a request that is well: whatever was smuggled in with the bytes has an answer too many.</summary>
    /// <param name="bytes">As text of which each character is a byte.</param>
    /// <returns>Everything that comes back.</returns>
    public async Task<string> SendAsync(string bytes)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var stream = await ConnectAsync();
        using var answer = new MemoryStream();
        var reading = stream.CopyToAsync(answer, limit.Token);
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes + Farewell), limit.Token);
            await reading;
        }
        catch (IOException)
        {
            // Who sends what is refused may find the connection closed before all is sent.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    /// <summary>The statuses of all answers, in order.</summary>
    public static string Statuses(string answers) => string.Join(' ', StatusLine().Matches(answers).Select(line => line.Groups[1].Value));

    /// <summary>It answers, and nothing in its store is wrong.</summary>
    public async Task AssertWellAsync()
    {
        using var client = new HttpClient { BaseAddress = Address };
        using var body = Api.Content("{}"u8.ToArray(), "application/json");
        var found = await client.PostAsync(new Uri("/admin/fsck", UriKind.Relative), body, TestContext.Current.CancellationToken);
        Assert.Equal(0, (int?)JsonNode.Parse(await found.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["found"]);
    }

    public override async ValueTask DisposeAsync()
    {
        meters.Dispose();
        await base.DisposeAsync();
    }

    [GeneratedRegex(@"HTTP/1\.1 (\d{3}) ")]
    private static partial Regex StatusLine();
}
