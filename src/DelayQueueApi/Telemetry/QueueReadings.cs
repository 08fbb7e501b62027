using DelayQueueApi.Queues;
using DelayQueueApi.Store;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Telemetry;

/// <summary>
/// The counts of all queues, read from the store once for all who ask within a few seconds. With thousands of queues a reading takes long; then there are
/// fewer, so that they take a tenth of the time at most.
/// </summary>
internal sealed partial class QueueReadings(QueueStore queues, StoreFacts facts, QueueTotals totals, TimeProvider time, IOptions<TelemetryOptions> options, ILogger<QueueReadings> log)
{
    private const int PageOf = 1_000;
    private const int Rest = 10;

    /// <summary>Whoever asks does not wait longer; he gets the reading before.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Lock gate = new();
    private Task reading = Task.CompletedTask;
    private long? readAt;
    private TimeSpan took;

    /// <summary>The last reading; null where the store was away.</summary>
    public QueueReading? Current { get; private set; }

    /// <summary>Reads anew where the last reading is too old, or joins the one that is under way.</summary>
    public async Task RefreshAsync()
    {
        Task refresh;
        lock (gate)
        {
            if (reading.IsCompleted && IsOld())
            {
                reading = ReadAsync();
            }

            refresh = reading;
        }

        await refresh.WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool IsOld()
    {
        var every = TimeSpan.FromMilliseconds(options.Value.QueuesEveryMs);
        return readAt is not { } at || time.GetElapsedTime(at) >= (took * Rest > every ? took * Rest : every);
    }

    private async Task ReadAsync()
    {
        var started = time.GetTimestamp();
        try
        {
            var all = new List<QueueCounts>();
            QueueName? after = null;
            do
            {
                (var page, after) = await queues.ListAllAsync(after, PageOf, CancellationToken.None);
                all.AddRange(page);
            }
            while (after is not null);
            Current = new QueueReading(totals.Read(all), all.Count, await facts.MemoryAsync());
        }
        catch (StoreException error)
        {
            LogAway(error.Message);
            Current = null;
        }

        took = time.GetElapsedTime(started);
        readAt = time.GetTimestamp();
    }

    [LoggerMessage(LogLevel.Debug, "The queues cannot be counted for metrics. {Reason}")]
    private partial void LogAway(string reason);
}

/// <param name="Labels">What is told of each label.</param>
/// <param name="Queues">How many queues there are.</param>
/// <param name="Memory">What the store uses, and its limit, bytes; no limit is null.</param>
internal sealed record QueueReading(IReadOnlyCollection<LabelTotals> Labels, int Queues, (long Used, long? Limit) Memory);
