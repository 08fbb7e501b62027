using System.Diagnostics;

namespace DelayQueueApi.Faults.Processes;

/// <summary>A Redis Sentinel that watches a primary; two of them decide.</summary>
internal sealed class SentinelProcess : IAsyncDisposable
{
    public const string ServiceName = "mymaster";

    private readonly string directory = Directory.CreateTempSubdirectory("delayqueue-sentinel-").FullName;
    private readonly int port = RedisProcess.FreePort();
    private ChildProcess? process;

    public string Address => $"127.0.0.1:{port}";

    /// <summary>Starts it with no memory of what it knew before.</summary>
    public async Task StartAsync(RedisProcess primary)
    {
        // Sentinels keep what they learn in the file that they are started with.
        var file = Path.Combine(directory, "sentinel.conf");
        await File.WriteAllLinesAsync(file,
        [
            "bind 127.0.0.1", $"port {port}", $"dir {directory}",
            $"sentinel monitor {ServiceName} 127.0.0.1 {primary.Port} 2",
            $"sentinel down-after-milliseconds {ServiceName} 2000",
            // Not sooner do they mind that replicas reach the primary at another address than they do.
            $"sentinel failover-timeout {ServiceName} 20000",
            $"sentinel parallel-syncs {ServiceName} 2",
        ]);
        process = new ChildProcess(new ProcessStartInfo(RedisProcess.FindProgram(), [file, "--sentinel"]), "+monitor master");
        await process.ReadyAsync();
    }

    /// <returns>The first line of the answer.</returns>
    public Task<string?> AskAsync(params string[] command) => RedisProcess.AskAsync(port, command);

    public async Task StopAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
            process = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(directory, recursive: true);
    }
}
