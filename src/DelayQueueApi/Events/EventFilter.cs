using DelayQueueApi.Queues;
using DelayQueueApi.Security;

namespace DelayQueueApi.Events;

/// <summary>Which events somebody asks for and may see. What is empty means all.</summary>
internal sealed record EventFilter(Caller Caller, IReadOnlySet<QueueName> Queues, IReadOnlySet<EventType> Types, IReadOnlySet<string> Jobs)
{
    public bool Takes(Event change) =>
        Caller.Sees(change.Queue)
        && (Queues.Count == 0 || Queues.Contains(change.Queue))
        && (Types.Count == 0 || Types.Contains(change.Type))
        && (Jobs.Count == 0 || (change.Job is { } job && Jobs.Contains(job)));
}
