using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using DelayQueueApi.Queues;

namespace DelayQueueApi.Leases;

/// <summary>
/// What a worker shows to settle a lease: fence, nonce and queue in base64url. Workers treat it as opaque. The queue is in it
/// so that the script's keys are known without a look-up; the script checks all three against the record.
/// </summary>
internal sealed record LeaseToken(long Fence, ReadOnlyMemory<byte> Nonce, QueueName Queue)
{
    public const int NonceBytes = 8;
    private const int FixedBytes = 8 + NonceBytes;

    public static LeaseToken? Parse(string text)
    {
        if (text.Length > 256 || !Base64Url.IsValid(text))
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length <= FixedBytes)
        {
            return null;
        }

        var queue = new QueueName(Encoding.ASCII.GetString(bytes.AsSpan(FixedBytes)));
        var fence = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return queue.IsValid && fence > 0 ? new LeaseToken(fence, bytes.AsMemory(8, NonceBytes), queue) : null;
    }

    public override string ToString()
    {
        var bytes = new byte[FixedBytes + Queue.Text.Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Fence);
        Nonce.Span.CopyTo(bytes.AsSpan(8));
        Encoding.ASCII.GetBytes(Queue.Text, bytes.AsSpan(FixedBytes));
        return Base64Url.EncodeToString(bytes);
    }
}

/// <summary>A lease as its worker names it.</summary>
/// <param name="StoredId">The job's id in the store.</param>
internal sealed record HeldLease(byte[] StoredId, LeaseToken Token);
