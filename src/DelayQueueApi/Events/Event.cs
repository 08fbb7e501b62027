using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using DelayQueueApi.Store;

namespace DelayQueueApi.Events;

/// <summary>
/// A change of a job or a queue, whichever instance has brought it about. What this process itself has done, it logs and counts by
/// <see cref="Telemetry.JobEvents"/>, also where the store keeps no events.
/// </summary>
/// <param name="Type">What has happened.</param>
/// <param name="Queue">Where.</param>
/// <param name="Job">Null for a change of the queue.</param>
/// <param name="Json">An <see cref="EventData"/> as it is sent.</param>
internal sealed record Event(EventType Type, QueueName Queue, string? Job, byte[] Json);

/// <summary>What callers are told of a change.</summary>
/// <param name="Type">What has happened.</param>
/// <param name="Queue">The queue's name.</param>
/// <param name="At">When, on the store's clock.</param>
/// <param name="Job">The job's id; not there where it happened to the queue.</param>
/// <param name="Attempt">Which attempt of the job it was, where it has had one.</param>
internal sealed record EventData(EventType Type, string Queue, DateTimeOffset At, string? Job = null, int? Attempt = null);

/// <summary>The changes of one step, in order: all of them are visible or none.</summary>
/// <param name="Number">From entry to entry of a partition one more.</param>
internal sealed record EventEntry(long Number, IReadOnlyList<Event> Events)
{
    private const int NumberBytes = 6;
    private const int ChangeBytes = 19;

    /// <param name="partition">The partition's number.</param>
    /// <param name="entry">As ChangeLog.lua writes it.</param>
    public static EventEntry Read(int partition, ReadOnlySpan<byte> entry)
    {
        var at = Stored.Instant(entry[NumberBytes..]);
        var queues = new QueueName[BinaryPrimitives.ReadUInt16BigEndian(entry[(2 * NumberBytes)..])];
        var rest = entry[((2 * NumberBytes) + 2)..];
        for (var i = 0; i < queues.Length; i++)
        {
            queues[i] = QueueName.FromStored(Encoding.UTF8.GetString(rest.Slice(1, rest[0])));
            rest = rest[(1 + rest[0])..];
        }

        var events = new Event[rest.Length / ChangeBytes];
        for (var i = 0; i < events.Length; i++)
        {
            events[i] = ReadChange(partition, rest.Slice(i * ChangeBytes, ChangeBytes), queues, at);
        }

        return new EventEntry(Stored.U48(entry), events);
    }

    private static Event ReadChange(int partition, ReadOnlySpan<byte> change, QueueName[] queues, DateTimeOffset at)
    {
        var type = EventTypes.FromStored(change[0]);
        var queue = queues[BinaryPrimitives.ReadUInt16BigEndian(change[1..]) - 1];
        var job = type <= EventType.Updated ? JobId.FromStored(partition, change.Slice(3, JobId.StoredBytes)).Text : null;
        var attempt = BinaryPrimitives.ReadUInt16BigEndian(change[(3 + JobId.StoredBytes)..]);
        var data = new EventData(type, queue.Text, at, job, attempt > 0 ? attempt : null);
        return new Event(type, queue, job, JsonSerializer.SerializeToUtf8Bytes(data, WireJson.Default.EventData));
    }
}
