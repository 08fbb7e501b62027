using DelayQueueApi.Queues;

namespace DelayQueueApi.Security;

/// <summary>The items of a call that were refused for the queues that they name, while the call as a whole was not.</summary>
internal sealed class RefusedItems
{
    private const int MostQueues = 10;

    private readonly SortedSet<string> queues = new(StringComparer.Ordinal);
    private bool hasMore;

    public int Count { get; private set; }

    /// <summary>The names of the queues, as many as are enough for a log.</summary>
    public string Queues => string.Join(", ", queues) + (hasMore ? ", …" : "");

    /// <summary>Notes that an item was refused.</summary>
    public static void Note(HttpContext http, QueueName queue)
    {
        if (http.Features.Get<RefusedItems>() is not { } refused)
        {
            http.Features.Set(refused = new RefusedItems());
        }

        refused.Count++;
        if (refused.queues.Count < MostQueues)
        {
            refused.queues.Add(queue.Text);
        }
        else
        {
            refused.hasMore |= !refused.queues.Contains(queue.Text);
        }
    }
}
