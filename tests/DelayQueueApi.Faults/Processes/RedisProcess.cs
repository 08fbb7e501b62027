using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DelayQueueApi.Faults.Processes;

/// <summary>
/// A redis-server of the test's own, which keeps its port and its data over restarts. Where none is on PATH the test is skipped, but
/// in CI it fails.
/// </summary>
/// <param name="fsync">always: each change is on disk before it is answered; or everysec.</param>
/// <param name="settings">Further ones, as the command line takes them.</param>
internal sealed class RedisProcess(string fsync = "always", params string[] settings) : IAsyncDisposable
{
    private readonly string program = FindProgram();
    private readonly string directory = Directory.CreateTempSubdirectory("delayqueue-redis-").FullName;
    private readonly int port = FreePort();
    private ChildProcess? process;

    public int Port => port;

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
                "--bind", "127.0.0.1", "--port", $"{port}", "--dir", directory, "--save", "", "--appendonly", "yes", "--appendfsync", fsync,
                .. settings,
            ]),
            "Ready to accept connections");
        await process.ReadyAsync();
        Assert.Equal("+PONG", await AskAsync("PING"));
    }

    public void Kill() => process!.Kill();

    /// <summary>Waits until it has given up by itself.</summary>
    public Task EndedAsync() => process!.ExitedAsync();

    /// <summary>Cuts so many bytes off the end of the append-only file, as a disk may that was full or lost its power; the server must be dead.</summary>
    public async Task TearAsync(int bytes)
    {
        await process!.ExitedAsync();
        var newest = new DirectoryInfo(Path.Combine(directory, "appendonlydir")).GetFiles("*.incr.aof").MaxBy(file => file.Name)!;
        await using var file = newest.OpenWrite();
        file.SetLength(Math.Max(0, file.Length - bytes));
    }

    /// <returns>The first line of the answer.</returns>
    public Task<string?> AskAsync(params string[] command) => AskAsync(port, command);

    public static async Task<string?> AskAsync(int port, string[] command)
    {
        using var connection = await SendAsync(port, command);
        using var reader = new StreamReader(connection.GetStream());
        return await reader.ReadLineAsync().WaitAsync(ChildProcess.Patience);
    }

    /// <returns>What INFO tells, as lines "name:value"; nothing where a Sentinel cuts the connection, as it does with those of a server that it promotes.</returns>
    public async Task<string[]> InfoAsync(string section)
    {
        using var connection = await SendAsync("INFO", section);
        using var reader = new StreamReader(connection.GetStream());
        try
        {
            if (await reader.ReadLineAsync().WaitAsync(ChildProcess.Patience) is not { } length)
            {
                return [];
            }

            var text = new char[int.Parse(length[1..])];
            await reader.ReadBlockAsync(text).AsTask().WaitAsync(ChildProcess.Patience);
            return new string(text).Split("\r\n");
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <returns>A connection on which the answer is still to come. A script goes on without it.</returns>
    public Task<TcpClient> SendAsync(params string[] command) => SendAsync(port, command);

    private static async Task<TcpClient> SendAsync(int port, string[] command)
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, port);
        var text = $"*{command.Length}\r\n{string.Concat(command.Select(part => $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n"))}";
        await connection.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text));
        return connection;
    }

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

    /// <returns>The path of redis-server.</returns>
    public static string FindProgram()
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

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
