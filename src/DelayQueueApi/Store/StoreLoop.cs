namespace DelayQueueApi.Store;

/// <summary>Work in the background that sleeps until there is more of it. A failure is logged and never ends it.</summary>
internal abstract partial class StoreLoop(TimeProvider time, ILogger log) : BackgroundService
{
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    private volatile TaskCompletionSource woken = NewSignal();

    protected ILogger Log { get; } = log;

    /// <summary>There may be work sooner than the loop knows.</summary>
    public void Wake() => woken.TrySetResult();

    /// <summary>Does all the work that there is.</summary>
    /// <returns>When to look again.</returns>
    public abstract Task<TimeSpan> RunOnceAsync(CancellationToken stopping);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            woken = NewSignal();
            TimeSpan sleep;
            try
            {
                sleep = await RunOnceAsync(stoppingToken);
            }
            catch (StoreException error)
            {
                LogAway(Log, GetType().Name, error.Message);
                sleep = Backoff;
            }
#pragma warning disable CA1031 // Whatever it is, the next try may go well.
            catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
            {
                LogBroken(Log, error, GetType().Name);
                sleep = Backoff;
            }

            await woken.Task.WaitAsync(sleep, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Warning, "The {Loop} could not ask the store; it tries again. {Reason}")]
    private static partial void LogAway(ILogger log, string loop, string reason);

    [LoggerMessage(LogLevel.Error, "The {Loop} failed; it tries again.")]
    private static partial void LogBroken(ILogger log, Exception error, string loop);
}
