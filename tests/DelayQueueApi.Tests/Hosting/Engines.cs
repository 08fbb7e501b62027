using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DelayQueueApi.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Testcontainers.Redis;

[assembly: AssemblyFixture(typeof(DelayQueueApi.Tests.Hosting.EmbeddedEngine))]
[assembly: AssemblyFixture(typeof(DelayQueueApi.Tests.Hosting.RedisEngine))]

namespace DelayQueueApi.Tests.Hosting;

/// <summary>A store that all tests of a run share; each host in it has its own key prefix.</summary>
public abstract class Engine : IAsyncLifetime
{
    /// <summary>Null where the engine is not to be had here.</summary>
    public string? ConnectionString { get; protected set; }

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();
}

/// <summary>The embedded engine, as the service starts it.</summary>
public sealed class EmbeddedEngine : Engine
{
    private readonly string directory = Directory.CreateTempSubdirectory("delayqueue-tests-").FullName;
    private EmbeddedStore? store;

    public override ValueTask InitializeAsync()
    {
        store = new EmbeddedStore(Options.Create(new StoreOptions { DataDirectory = directory }), NullLoggerFactory.Instance);
        store.Start();
        ConnectionString = store.ConnectionString;
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        store?.Dispose();
        Directory.Delete(directory, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Real Redis: the address in DELAYQUEUE_TEST_REDIS, else a redis-server on PATH, else a container. In CI it must be there.</summary>
public sealed class RedisEngine : Engine
{
    private Process? server;
    private string? directory;
    private RedisContainer? container;

    public override async ValueTask InitializeAsync()
    {
        ConnectionString = Environment.GetEnvironmentVariable("DELAYQUEUE_TEST_REDIS") ?? await StartServerAsync() ?? await StartContainerAsync();
        if (ConnectionString is null && Environment.GetEnvironmentVariable("CI") == "true")
        {
            throw new InvalidOperationException("CI must test on real Redis, and none is found: install redis-server.");
        }
    }

    public override async ValueTask DisposeAsync()
    {
        server?.Kill();
        server?.Dispose();
        if (container is not null)
        {
            await container.DisposeAsync();
        }

        if (directory is not null)
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<string?> StartServerAsync()
    {
        var path = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "redis-server"))
            .FirstOrDefault(File.Exists);
        if (path is null)
        {
            return null;
        }

        directory = Directory.CreateTempSubdirectory("delayqueue-redis-").FullName;
        var address = $"127.0.0.1:{FreePort()}";
        server = Process.Start(new ProcessStartInfo(path,
            ["--bind", "127.0.0.1", "--port", address.Split(':')[1], "--dir", directory, "--save", "", "--appendonly", "yes"])
        { RedirectStandardOutput = true })!;
        while (await server.StandardOutput.ReadLineAsync() is { } line && !line.Contains("Ready to accept connections", StringComparison.Ordinal))
        {
            // What it says before that does not matter.
        }

        _ = server.StandardOutput.ReadToEndAsync();
        return address;
    }

    private async Task<string?> StartContainerAsync()
    {
        try
        {
            container = new RedisBuilder("redis:7").Build();
            await container.StartAsync();
            return container.GetConnectionString();
        }
#pragma warning disable CA1031 // Whatever keeps the container away, the tests that need it say so.
        catch (Exception)
#pragma warning restore CA1031
        {
            container = null;
            return null;
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
