using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Leases;

/// <summary>Tells other instances that a queue has a new first job, and hears it from them. Of the embedded store there are no others.</summary>
internal sealed partial class WakeupHints(StoreConnection connection, Partitions partitions, ILogger<WakeupHints> log)
{
    private readonly string instance = Guid.NewGuid().ToString("N");
    private IConnectionMultiplexer? subscribed;

    /// <summary>Nobody waits for it to arrive.</summary>
    public void Give(string queue)
    {
        if (!connection.IsEmbedded)
        {
            _ = PublishAsync(queue);
        }
    }

    /// <summary>Listens from now on, anew where the connection is another one than before; where the store is away, not until it is called again.</summary>
    /// <param name="heard">Takes the queues that others name.</param>
    public async Task SubscribeAsync(Action<string> heard)
    {
        if (connection.IsEmbedded)
        {
            return;
        }

        try
        {
            var subscriber = await connection.SubscriberAsync();
            if (subscriber.Multiplexer == subscribed)
            {
                return;
            }

            await subscriber.SubscribeAsync(partitions.First.Wake, (_, message) =>
            {
                if (((string?)message)?.Split(' ') is [var from, var queue] && from != instance)
                {
                    heard(queue);
                }
            });
            subscribed = subscriber.Multiplexer;
        }
        catch (Exception error) when (StoreException.From(error) is not null)
        {
            // The caller comes again.
        }
    }

    private async Task PublishAsync(string queue)
    {
        try
        {
            var subscriber = await connection.SubscriberAsync();
            await subscriber.PublishAsync(partitions.First.Wake, $"{instance} {queue}", CommandFlags.FireAndForget);
        }
        catch (Exception error) when (StoreException.From(error) is not null)
        {
            LogHintLost(error.Message);
        }
    }

    [LoggerMessage(LogLevel.Debug, "A hint to the other instances is lost; they look by themselves within a second. {Reason}")]
    private partial void LogHintLost(string reason);
}
