using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace DelayQueueApi.Tests.Hosting;

/// <summary>The service as a user starts it: on the embedded store, by real clocks, with a port of its own.</summary>
public class RealService : WebApplicationFactory<Program>
{
    private readonly string? ownDirectory;
    private readonly string directory;
    private readonly string maxMemoryMiB;

    public RealService()
        : this(Directory.CreateTempSubdirectory("delayqueue-real-").FullName) => ownDirectory = directory;

    internal RealService(string directory, string maxMemoryMiB = "0")
    {
        this.directory = directory;
        this.maxMemoryMiB = maxMemoryMiB;
        UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
    }

    public Uri Address
    {
        get
        {
            StartServer();
            return new Uri(Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        }
    }

    /// <summary>Settings beyond those of every test.</summary>
    protected virtual IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (ownDirectory is not null)
        {
            Directory.Delete(ownDirectory, recursive: true);
        }
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder) => Settings.Aggregate(builder, (all, setting) => all.UseSetting(setting.Key, setting.Value))
        .UseSetting("Store:DataDirectory", directory)
        .UseSetting("Store:EmbeddedMaxMemoryMiB", maxMemoryMiB)
        .UseSetting("Store:TimeoutMs", "30000")
        .UseSetting("Logging:LogLevel:Default", "Error");
}
