using System.ComponentModel.DataAnnotations;

namespace DelayQueueApi.Events;

/// <summary>Section <c>Events</c>.</summary>
internal sealed class EventOptions
{
    /// <summary>
    /// How many entries of changes the store keeps in each partition, for <c>GET /events</c>; 0 for none, and no events. An entry is what one call of the
    /// service to the store has changed, of up to some hundred jobs.
    /// </summary>
    [Range(0, 1_000_000)]
    public int Kept { get; set; }

    /// <summary>So many may read events of this instance at once.</summary>
    [Range(1, 10_000)]
    public int Readers { get; set; } = 100;
}
