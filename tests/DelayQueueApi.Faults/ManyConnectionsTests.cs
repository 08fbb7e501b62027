using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

public class ManyConnectionsTests
{
    private const string Queue = "many";
    private const int Idle = 10_000;
    private const int Polls = 1_000;

    /// <summary>A process has so many sockets and some more, this one and the service's.</summary>
    private const int Files = Idle + Polls + 1_000;

    [Fact]
    public async Task Ten_thousand_idle_connections_and_a_thousand_waiting_claims_keep_nobody_from_work()
    {
        Assert.SkipWhen(MostFiles() < Files, $"A process may have {MostFiles()} open files here, and this takes {Files}.");
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var service = ServiceProcess.OnRedis(redis);
        await service.StartAsync();
        using var history = new History();
        var api = new JobClient(() => service.Client, history);
        var idle = new List<TcpClient>();
        try
        {
            for (var connection = 0; connection < Idle; connection++)
            {
                idle.Add(new TcpClient());
                await idle[^1].ConnectAsync(IPAddress.Loopback, service.Client.BaseAddress!.Port);
            }

            var waiting = new List<Task<HttpResponseMessage>>();
            foreach (var some in Enumerable.Range(0, Polls).Chunk(100))
            {
                waiting.AddRange(await Task.WhenAll(some.Select(_ => WaitingClaim.BeginAsync(service.Client, Queue))));
            }

            foreach (var some in Enumerable.Range(0, Polls).Chunk(50))
            {
                await Task.WhenAll(some.Select(number => api.CreateAsync(new NewJob($"job {number}", Queue, $"{number}"))));
            }

            var payloads = new List<string>();
            foreach (var answer in await Task.WhenAll(waiting).WaitAsync(ChildProcess.Patience))
            {
                var claimed = JsonSerializer.Deserialize<ClaimAnswer>(await answer.Content.ReadAsStringAsync(), JsonSerializerOptions.Web)!;
                payloads.Add(Assert.Single(claimed.Jobs).Payload);
            }

            Assert.Equal(Polls, payloads.Distinct().Count());
            Assert.Equal(Polls, (await api.QueueAsync(Queue)).Leased);
            Assert.Equal("HTTP/1.1 200 OK", await AskAsync(idle[Idle / 2]));
        }
        finally
        {
            idle.ForEach(connection => connection.Dispose());
        }
    }

    private static async Task<string?> AskAsync(TcpClient connection)
    {
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        using var reader = new StreamReader(connection.GetStream());
        return await reader.ReadLineAsync().WaitAsync(ChildProcess.Patience);
    }

    private static long MostFiles()
    {
        var line = File.Exists("/proc/self/limits") ? File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal)) : "";
        // The runtime raises the first limit to the second.
        return line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, _, var most, ..] && long.TryParse(most, out var files) ? files : long.MaxValue;
    }
}
