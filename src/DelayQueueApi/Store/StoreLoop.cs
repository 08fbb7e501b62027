namespace DelayQueueApi.Store;

/// <summary>Work in the background that sleeps until there is more of it. A failure is logged and never ends it.</summary>
internal abstract partial class StoreLoop : BackgroundService
{
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    private readonly Alarm alarm;
    private volatile TaskCompletionSource woken = NewSignal();

    protected StoreLoop(TimeProvider time, ILogger log) => (alarm, Log) = (new Alarm(time, Wake), log);

    protected ILogger Log { get; }

    /// <summary>There may be work now that the loop does not know of.</summary>
    public void Wake() => woken.TrySetResult();

    /// <summary>There may be work after a time, sooner than the loop knows.</summary>
    public void WakeIn(TimeSpan delay) => alarm.RingIn(delay);

    /// <summary>Does all the work that there is.</summary>
    /// <returns>When there is more; null where nothing is in sight.</returns>
    public abstract Task<TimeSpan?> RunOnceAsync(CancellationToken stopping);

    public override void Dispose()
    {
        alarm.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            woken = NewSignal();
            TimeSpan? next;
            try
            {
                next = await RunOnceAsync(stoppingToken);
            }
            catch (StoreException error)
            {
                LogAway(Log, GetType().Name, error.Message);
                next = Backoff;
            }
#pragma warning disable CA1031 // Whatever it is, the next try may go well.
            catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
            {
                LogBroken(Log, error, GetType().Name);
                next = Backoff;
            }

            if (next is { } sleep)
            {
                WakeIn(sleep);
            }

            await woken.Task.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Warning, "The {Loop} could not ask the store; it tries again. {Reason}")]
    private static partial void LogAway(ILogger log, string loop, string reason);

    [LoggerMessage(LogLevel.Error, "The {Loop} failed; it tries again.")]
    private static partial void LogBroken(ILogger log, Exception error, string loop);
}
