using DelayQueueApi.Store;

namespace DelayQueueApi.Queues;

/// <summary>
/// Before anything is served: refuses to run where jobs cannot be read, or with fewer partitions than there have been, where the jobs of the
/// others would never be seen; takes partitions that are new into use. While the store is away it tries again, and the service is not ready.
/// </summary>
internal sealed partial class StoreGate(
    Fsck fsck, PartitionsInStore inStore, Partitions partitions, QueueStore queues, TimeProvider time, ILogger<StoreGate> log) : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Whether the store has been looked at and all its partitions are in use.</summary>
    public bool IsOpen { get; private set; }

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunOnceAsync(cancellationToken);
        }
        catch (StoreException away)
        {
            LogUnknown(away.Message);
        }
    }

    /// <exception cref="InvalidOperationException">It refuses.</exception>
    public async Task RunOnceAsync(CancellationToken stopping)
    {
        await fsck.RefuseOtherFormAsync(stopping);
        var known = await inStore.CountAsync();
        if (known > partitions.Count)
        {
            throw new InvalidOperationException(
                $"The store has {known} partitions and Store:Partitions is {partitions.Count}: the jobs in the others would not be seen. Set it to {known} or more.");
        }

        if (known < partitions.Count)
        {
            await SpreadSettingsAsync(stopping);
            await inStore.SetAsync(partitions.Count);
            LogGrown(known, partitions.Count);
        }

        IsOpen = true;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!IsOpen)
        {
            await Task.Delay(Pause, time, stoppingToken);
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (StoreException)
            {
                // It was told of once.
            }
            catch (InvalidOperationException)
            {
                // It ends the host.
                Environment.ExitCode = 1;
                throw;
            }
        }
    }

    private async Task SpreadSettingsAsync(CancellationToken stopping)
    {
        QueueName? last = null;
        do
        {
            (var page, last) = await queues.ListAllAsync(last, Http.Limits.MaxPage, stopping);
            foreach (var queue in page.Where(queue => queue.Paused || queue.Settings != new QueueSettings()))
            {
                await queues.SetAsync(queue.Queue, queue.Settings, queue.Paused);
            }
        }
        while (last is not null);
    }

    [LoggerMessage(LogLevel.Information, "There were {Known} partitions and are {Count} now.")]
    private partial void LogGrown(int known, int count);

    [LoggerMessage(LogLevel.Warning, "The store is away, so that it is not known whether its jobs can be read and how many partitions it has. {Reason}")]
    private partial void LogUnknown(string reason);
}
