using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Garnet;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Store;

/// <summary>
/// Microsoft.Garnet in this process: a store with nothing installed. It listens on loopback only, on a port that the system
/// gives, behind a password made at each start. A write is answered once it is in the append-only file.
/// </summary>
internal sealed partial class EmbeddedStore(IOptions<StoreOptions> options, ILoggerFactory logs) : IDisposable
{
    private const int PortTries = 5;

    private readonly ILogger log = logs.CreateLogger<EmbeddedStore>();
    private readonly string password = RandomNumberGenerator.GetHexString(32);
    private readonly Lock stopping = new();
    private FileStream? lockFile;
    private GarnetServer? server;
    private int port;

    public string ConnectionString => $"127.0.0.1:{port},password={password}";

    /// <summary>True once the process uses so much memory that new jobs must be refused: beyond its memory the engine would drop data silently.</summary>
    public bool IsFull => server is not null && Memory is var (used, limit) && used > limit;

    /// <summary>What the process uses, and from where on new jobs are refused, bytes.</summary>
    public (long Used, long Limit) Memory => (GC.GetTotalMemory(forceFullCollection: false), MemoryLimit);

    /// <exception cref="StoreException">It is full.</exception>
    public void ThrowIfFull()
    {
        if (IsFull)
        {
            throw new StoreException(Applied.No, "The embedded store is full: finish or cancel jobs, or run on Redis.");
        }
    }

    private long MemoryLimit => options.Value.EmbeddedMaxMemoryMiB > 0
        ? options.Value.EmbeddedMaxMemoryMiB * 1024L * 1024
        : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    /// <exception cref="StoreException">Another process uses the data directory.</exception>
    public void Start()
    {
        var directory = Directory.CreateDirectory(options.Value.DataDirectory).FullName;
        lockFile = Lock(directory);
        for (var tries = 1; server is null; tries++)
        {
            port = FreePort();
            try
            {
                var starting = new GarnetServer(Settings(directory), new GarnetLogs(logs));
                starting.Start();
                server = starting;
            }
            catch (Exception error) when (error.GetBaseException() is SocketException && tries < PortTries)
            {
                // Somebody else took the port between the look and the bind.
            }
        }

        LogStarted(directory);
    }

    /// <summary>Returns once the engine has stopped and the data directory is free, whoever stops it.</summary>
    public void Dispose()
    {
        lock (stopping)
        {
            server?.Dispose();
            server = null;
            lockFile?.Dispose();
        }
    }

    private static FileStream Lock(string directory)
    {
        try
        {
            return new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new StoreException(
                Applied.No, $"Another process uses the data directory {directory}. Stop it, or set Store__DataDirectory or ConnectionStrings__Redis.", taken);
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private string[] Settings(string directory) =>
    [
        "-q", "--bind", "127.0.0.1", "--port", $"{port}", "--auth", "Password", "--password", password,
        // Without transaction mode two claims can lease one job; without commit-wait a kill loses acknowledged jobs.
        "--lua", "--lua-transaction-mode", "--aof", "--aof-commit-wait", "--recover", "--checkpointdir", directory,
        // The log of keys is small, since jobs lie in objects on the heap; IsFull keeps the heap within its limit.
        "--memory", "1g", "--page", "4m", "--index", "4m", "--aof-memory", "64m", "--aof-page-size", "8m",
        // A checkpoint cuts the append-only file where it has grown over this size.
        "--aof-size-limit", "1g",
        // The native device needs libaio, which a slim image lacks.
        "--device-type", "RandomAccess",
    ];

    /// <summary>The engine's log categories have no common first part; this gives them one.</summary>
    private sealed class GarnetLogs(ILoggerFactory logs) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => logs.CreateLogger("Garnet." + categoryName);

        public void AddProvider(ILoggerProvider provider) => logs.AddProvider(provider);

        public void Dispose()
        {
            // The host owns the logs.
        }
    }

    [LoggerMessage(LogLevel.Information, "The embedded store keeps its data in {Directory}.")]
    private partial void LogStarted(string directory);
}
