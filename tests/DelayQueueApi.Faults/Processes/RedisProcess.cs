using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace DelayQueueApi.Faults.Processes;

/// <summary>
/// A redis-server of the test's own, which writes each change to disk before it answers. It keeps its port and its data over
/// restarts. Where none is on PATH the test is skipped, but in CI it fails.
/// </summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    private readonly string program = Find();
    private readonly string directory = Directory.CreateTempSubdirectory("delayqueue-redis-").FullName;
    private readonly int port = FreePort();
    private ChildProcess? process;

    public string Address => $"127.0.0.1:{port}";

    /// <summary>Starts the server, anew where it was killed, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        process = new ChildProcess(
            new ProcessStartInfo(program,
            [
                "--bind", "127.0.0.1", "--port", $"{port}", "--dir", directory, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
            ]),
            "Ready to accept connections");
        await process.ReadyAsync();
        Assert.Equal("+PONG", await PingAsync());
    }

    public void Kill() => process!.Kill();

    public Task PauseAsync() => process!.SignalAsync("STOP");

    public Task ResumeAsync() => process!.SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        Directory.Delete(directory, recursive: true);
    }

    private async Task<string?> PingAsync()
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, port);
        await using var stream = connection.GetStream();
        await stream.WriteAsync("PING\r\n"u8.ToArray());
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync().WaitAsync(ChildProcess.Patience);
    }

    private static string Find()
    {
        var found = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "redis-server"))
            .FirstOrDefault(File.Exists);
        if (found is null && Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail("CI must test on real Redis, and none is found: install redis-server.");
        }

        Assert.SkipWhen(found is null, "There is no redis-server on PATH.");
        return found!;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
