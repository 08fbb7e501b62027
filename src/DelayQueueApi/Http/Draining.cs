using Microsoft.Extensions.Options;

namespace DelayQueueApi.Http;

/// <summary>
/// Between the signal to stop and the end of listening: requests are served, and readiness is refused, so that a load balancer finds out
/// before clients do.
/// </summary>
internal sealed class Draining(IOptions<LimitOptions> limits) : IHostedLifecycleService
{
    public Task StoppingAsync(CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(limits.Value.DrainMs), TimeProvider.System, cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
