using System.Buffers.Text;
using System.Text;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using DelayQueueApi.Store;

namespace DelayQueueApi.Leases;

/// <summary>
/// What a worker shows to settle a lease: its name, which is fence and nonce, and its queue, in base64url. Workers treat it as opaque.
/// The queue is in it so that the script's keys are known without a look-up; the script checks all of it against the record.
/// </summary>
/// <param name="Name">As it stands in the record.</param>
internal sealed record LeaseToken(ReadOnlyMemory<byte> Name, QueueName Queue)
{
    public const int NonceBytes = 8;
    public const int NameBytes = 6 + NonceBytes;

    /// <param name="text">As a worker shows it.</param>
    /// <param name="namespace">The worker's own, which is not in it.</param>
    public static LeaseToken? Parse(string text, string @namespace)
    {
        if (text.Length > 256 || !Base64Url.IsValid(text))
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length <= NameBytes)
        {
            return null;
        }

        var queue = new QueueName(Encoding.ASCII.GetString(bytes.AsSpan(NameBytes)), @namespace);
        return queue.IsValid && Stored.U48(bytes) > 0 ? new LeaseToken(bytes.AsMemory(0, NameBytes), queue) : null;
    }

    public override string ToString()
    {
        var bytes = new byte[NameBytes + Queue.Text.Length];
        Name.CopyTo(bytes);
        Encoding.ASCII.GetBytes(Queue.Text, bytes.AsSpan(NameBytes));
        return Base64Url.EncodeToString(bytes);
    }
}

/// <summary>A lease as its worker names it.</summary>
/// <param name="Partition">The partition that the job is in.</param>
/// <param name="StoredId">The job's id in it.</param>
internal sealed record HeldLease(PartitionKeys Partition, byte[] StoredId, LeaseToken Token)
{
    /// <summary>Of its id and its name, as scripts take them.</summary>
    public const int Bytes = JobId.StoredBytes + LeaseToken.NameBytes;

    public void CopyTo(Span<byte> target)
    {
        StoredId.CopyTo(target);
        Token.Name.Span.CopyTo(target[JobId.StoredBytes..]);
    }
}
