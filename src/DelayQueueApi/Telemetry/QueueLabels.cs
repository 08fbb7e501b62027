using System.Collections.Concurrent;
using DelayQueueApi.Queues;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Telemetry;

/// <summary>
/// How metrics name queues: the first ones by their names, with their namespace where it is another than default, the others together, so that
/// the number of series has a bound. A queue keeps its label until the process ends, so that no counter goes back.
/// </summary>
internal sealed class QueueLabels(IOptions<TelemetryOptions> options)
{
    /// <summary>All queues without a label of their own; a queue that is called so is one of them.</summary>
    public static readonly QueueLabel Other = new("other");

    private readonly ConcurrentDictionary<string, QueueLabel> labels = new();
    private readonly Lock gate = new();

    /// <summary>The label of a queue by its name in the store.</summary>
    public QueueLabel Of(string storedQueue)
    {
        if (labels.TryGetValue(storedQueue, out var known))
        {
            return known;
        }

        var name = QueueName.FromStored(storedQueue).Short;
        lock (gate)
        {
            return labels.Count >= options.Value.QueueLabels || name == Other.Name ? Other : labels.GetOrAdd(storedQueue, _ => new QueueLabel(name));
        }
    }
}

/// <summary>A queue's label with the tags of what is counted for each job, made once.</summary>
internal sealed class QueueLabel(string name)
{
    public string Name => name;

    /// <summary>Of metrics that are this service's own.</summary>
    public KeyValuePair<string, object?> Queue { get; } = new("queue", name);

    public KeyValuePair<string, object?>[] Send { get; } = Messaging("send", name);

    public KeyValuePair<string, object?>[] Receive { get; } = Messaging("receive", name);

    public KeyValuePair<string, object?>[] Ack { get; } = Messaging("ack", name);

    public KeyValuePair<string, object?>[] Nack { get; } = Messaging("nack", name);

    public KeyValuePair<string, object?>[] Release { get; } = Messaging("release", name);

    private static KeyValuePair<string, object?>[] Messaging(string operation, string queue) =>
        [new("messaging.system", "delayqueue"), new("messaging.operation.name", operation), new("messaging.destination.name", queue)];
}
