using DelayQueueApi.Store;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Events;

/// <summary>Reads the log of changes once for all who read events here, and only while somebody does.</summary>
internal sealed class EventFeed : StoreLoop
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly EventStore store;
    private readonly Partitions partitions;
    private readonly EventOptions options;
    private readonly SemaphoreSlim gate = new(1);
    private readonly Lock leaving = new();
    private readonly List<EventReader> readers = [];
    private readonly long[] next;

    public EventFeed(EventStore store, Partitions partitions, IOptions<EventOptions> options, TimeProvider time, ILogger<EventFeed> log)
        : base(time, log) => (this.store, this.partitions, this.options, next) = (store, partitions, options.Value, new long[partitions.Count]);

    public bool IsOn => options.Kept > 0;

    public int Readers
    {
        get
        {
            lock (leaving)
            {
                return readers.Count;
            }
        }
    }

    /// <param name="from">By partition; null for from now on.</param>
    /// <returns>Null where as many read as may. Else call <see cref="Leave"/>.</returns>
    public async Task<EventReader?> JoinAsync(EventPosition[]? from, CancellationToken client)
    {
        await gate.WaitAsync(client);
        try
        {
            if (Readers >= options.Readers)
            {
                return null;
            }

            if (Readers == 0)
            {
                foreach (var partition in partitions)
                {
                    next[partition.Number] = await store.NextAsync(partition);
                }
            }

            var reader = new EventReader(store, partitions, from ?? [.. next.Select(entry => new EventPosition(entry, 0))], [.. next]);
            lock (leaving)
            {
                readers.Add(reader);
            }

            Wake();
            return reader;
        }
        finally
        {
            gate.Release();
        }
    }

    public void Leave(EventReader reader)
    {
        lock (leaving)
        {
            readers.Remove(reader);
        }
    }

    public override async Task<TimeSpan?> RunOnceAsync(CancellationToken stopping)
    {
        await gate.WaitAsync(stopping);
        try
        {
            if (Readers == 0)
            {
                return null;
            }

            await Task.WhenAll(partitions.Select(HandOutAsync));
            return Period;
        }
        finally
        {
            gate.Release();
        }
    }

    public override void Dispose()
    {
        gate.Dispose();
        base.Dispose();
    }

    private async Task HandOutAsync(PartitionKeys partition)
    {
        EventPage page;
        do
        {
            page = await store.ReadAsync(partition, next[partition.Number]);
            next[partition.Number] = page.Next;
            if (page.Lost || page.Entries.Count > 0)
            {
                HandOut(page);
            }
        }
        while (page.More);
    }

    private void HandOut(EventPage page)
    {
        lock (leaving)
        {
            foreach (var slow in readers.Where(reader => !reader.Offer(page)).ToArray())
            {
                slow.End();
                readers.Remove(slow);
            }
        }
    }
}
