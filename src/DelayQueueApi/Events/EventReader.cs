using System.Threading.Channels;
using DelayQueueApi.Store;

namespace DelayQueueApi.Events;

/// <summary>Somebody who reads events: first by itself what was there when it came, then what <see cref="EventFeed"/> hands out.</summary>
/// <param name="store">Where it reads by itself.</param>
/// <param name="partitions">All of them.</param>
/// <param name="positions">From where it reads, by partition.</param>
/// <param name="handedOut">Number of the first entry that the feed hands to it, by partition.</param>
internal sealed class EventReader(EventStore store, Partitions partitions, EventPosition[] positions, long[] handedOut)
{
    /// <summary>A page is what one look of the feed has found; one who is so far behind reads on by itself another time.</summary>
    private const int MostPages = 64;

    /// <summary>Partitions of which it knows what the store does not.</summary>
    private readonly HashSet<int> unknown = [.. Enumerable.Range(0, positions.Length).Where(number => positions[number].Entry > handedOut[number])];
    private readonly Channel<EventPage> pages = Channel.CreateBounded<EventPage>(new BoundedChannelOptions(MostPages) { SingleReader = true });

    /// <summary>What a client sends to go on from here.</summary>
    public string Position => EventPosition.Format(positions);

    /// <returns>False where it has not taken what it was offered before.</returns>
    public bool Offer(EventPage page) => pages.Writer.TryWrite(page);

    /// <summary>It is offered nothing more.</summary>
    public void End() => pages.Writer.TryComplete();

    /// <returns>The next page; null where the reader is ended and has taken all that it was offered.</returns>
    public async Task<EventPage?> NextAsync(CancellationToken client)
    {
        foreach (var partition in partitions)
        {
            var position = positions[partition.Number].Entry;
            if (unknown.Remove(partition.Number) || position < handedOut[partition.Number])
            {
                return await store.ReadAsync(partition, position);
            }
        }

        return await pages.Reader.WaitToReadAsync(client) && pages.Reader.TryRead(out var page) ? page : null;
    }

    /// <summary>The events of a page that were not told before. The position moves with them.</summary>
    public IEnumerable<Event> Take(EventPage page)
    {
        foreach (var entry in page.Entries)
        {
            var position = positions[page.Partition];
            if (entry.Number < position.Entry)
            {
                continue;
            }

            for (var told = entry.Number == position.Entry ? position.Told : 0; told < entry.Events.Count; told++)
            {
                positions[page.Partition] = told + 1 < entry.Events.Count ? new(entry.Number, told + 1) : new(entry.Number + 1, 0);
                yield return entry.Events[told];
            }
        }

        // Where the store has lost what was told already, it goes on with smaller numbers.
        if (page.Lost && page.Next < positions[page.Partition].Entry)
        {
            handedOut[page.Partition] = Math.Min(handedOut[page.Partition], page.Next);
        }

        if (page.Lost || page.Next > positions[page.Partition].Entry)
        {
            positions[page.Partition] = new(page.Next, 0);
        }
    }
}
