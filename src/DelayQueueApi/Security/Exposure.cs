using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Security;

/// <summary>
/// Ends a service that others can reach and that has no way to tell who they are. The addresses are known for sure once they are bound;
/// until then, and whatever they become later, <see cref="LocalOnly"/> keeps others out.
/// </summary>
internal sealed partial class Exposure(
    KeyRing keys, IServer server, IOptions<SecurityOptions> options, IHostApplicationLifetime lifetime, ILogger<Exposure> log) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        var outside = addresses.Where(address => !LocalOnly.IsLoopback(BindingAddress.Parse(address).Host)).ToArray();
        if (outside.Length == 0 || !keys.IsOpen)
        {
            return Task.CompletedTask;
        }

        if (options.Value.AllowAnonymous)
        {
            LogAnonymous(string.Join(", ", outside));
            return Task.CompletedTask;
        }

        LogExposed(string.Join(", ", outside));
        Environment.ExitCode = 1;
        lifetime.StopApplication();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Critical, "Refused to run: others can reach {Addresses}, and there are no keys to tell them apart. Set Security:Keys or Security:KeysFile, listen on 127.0.0.1, or set Security:AllowAnonymous=true to let everybody do everything.")]
    private partial void LogExposed(string addresses);

    [LoggerMessage(LogLevel.Warning, "There are no keys: whoever reaches {Addresses} may do everything.")]
    private partial void LogAnonymous(string addresses);
}
