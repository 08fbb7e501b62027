using DelayQueueApi.Store;

namespace DelayQueueApi.Queues;

/// <summary>
/// Before anything is served: takes partitions that are new into use, and refuses to start with fewer than there have been, where the jobs
/// of the others would never be seen.
/// </summary>
internal sealed partial class PartitionGrowth(PartitionsInStore inStore, Partitions partitions, QueueStore queues, ILogger<PartitionGrowth> log) : IHostedLifecycleService
{
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

    /// <exception cref="InvalidOperationException">There have been more partitions.</exception>
    public async Task RunOnceAsync(CancellationToken stopping)
    {
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
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

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

    [LoggerMessage(LogLevel.Warning, "The store is away, so that it is not known how many partitions it has. {Reason}")]
    private partial void LogUnknown(string reason);
}
