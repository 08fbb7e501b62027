using System.Buffers.Binary;
using System.Text;
using DelayQueueApi.Queues;
using DelayQueueApi.Security;
using DelayQueueApi.Store;

namespace DelayQueueApi.Jobs;

/// <summary>A job to be made. Neither delay nor run-at means now.</summary>
/// <param name="MaxAttempts">Null for the queue's own.</param>
/// <param name="Record">From <see cref="JobRecord.EncodeNew"/>, with the same priority, delay and run-at.</param>
/// <param name="OnConflict">What becomes of it where another job holds its unique key.</param>
/// <param name="Key">The idempotency key of its request, null for none.</param>
/// <param name="UniqueKey">Its unique key, null for none; the body has it too.</param>
internal sealed record NewJob(
    QueueName Queue, int Priority, long DelayMs, DateTimeOffset? RunAt, int? MaxAttempts, int? LeaseMs, byte[] Record,
    OnConflict OnConflict = OnConflict.Return, KeyOfRequest? Key = null, string? UniqueKey = null)
{
    private const int HeadBytes = 1 + 2 + 4;

    /// <summary>The quota of its namespace that leaves no room for it; null where there is room.</summary>
    public Quota? Over { get; init; }

    /// <summary>How many bytes its record takes at most.</summary>
    public int RecordBytes => Record.Length + JobRecord.TermsBytes;

    /// <summary>Jobs with the same one must meet in one partition, so that one of them can keep the others out; null where none does.</summary>
    public string? MeetingKey => UniqueKey is not null ? $"{Queue.Stored} {UniqueKey}" : Key?.Text;

    private bool HasOptions => JobRecord.HasOptions(Record.AsSpan(JobRecord.HeaderBytes));

    private bool HasOwnHead => Key is not null || OnConflict != OnConflict.Return || Over is not null;

    /// <summary>Adds the arguments that NewJobs.lua reads: jobs in a row that are alike have most of them in common.</summary>
    public static void AddTo(ScriptCall call, IReadOnlyList<NewJob> jobs)
    {
        for (var at = 0; at < jobs.Count;)
        {
            var behind = at + 1;
            while (behind < jobs.Count && jobs[at].IsLike(jobs[behind]))
            {
                behind++;
            }

            jobs[at].AddRunTo(call, at, behind - at);
            for (; at < behind; at++)
            {
                call.Add(jobs[at].Record);
            }
        }
    }

    /// <summary>As a run of one.</summary>
    public void AddTo(ScriptCall call)
    {
        AddRunTo(call, 0, 1);
        call.Add(Record);
    }

    private bool IsLike(NewJob other) =>
        !HasOwnHead && !other.HasOwnHead && DelayMs == other.DelayMs && RunAt == other.RunAt && Priority == other.Priority && MaxAttempts == other.MaxAttempts
        && LeaseMs == other.LeaseMs && HasOptions == other.HasOptions && Queue == other.Queue;

    private void AddRunTo(ScriptCall call, int first, int count) => call.Add(
        call.Queue(Queue.Stored), RunAt is { } runAt ? $"@{runAt.ToUnixTimeMilliseconds()}" : DelayMs,
        HasOwnHead || HasOptions ? (byte[])[.. Head(), .. Promise()] : Head(), Tails(first, count));

    /// <param name="first">The number of the first job in its call; a call has at most 256.</param>
    private static byte[] Tails(int first, int count)
    {
        var tails = Unguessable.Bytes(count * JobId.TailBytes);
        for (var i = 0; i < count; i++)
        {
            tails[i * JobId.TailBytes] = checked((byte)(first + i));
        }

        return tails;
    }

    private byte[] Head()
    {
        var head = new byte[HeadBytes];
        head[0] = (byte)('0' + Priority);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(1), (ushort)(MaxAttempts ?? 0));
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(3), LeaseMs ?? 0);
        return head;
    }

    private byte[] Promise()
    {
        var letter = OnConflict switch { OnConflict.Replace => 'p', OnConflict.Reject => 'j', _ => 'r' };
        var conflict = (byte)(Over is null ? letter : char.ToUpperInvariant(letter));
        if (Key is null)
        {
            return [conflict];
        }

        Span<byte> known = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(known, Key.KnownMs);
        return [conflict, .. known[2..], .. Key.BodyHash, .. Encoding.ASCII.GetBytes(Key.Text)];
    }
}

/// <summary>An idempotency key with what it stands for.</summary>
/// <param name="BodyHash">16 bytes that stand for the request's body.</param>
/// <param name="KnownMs">How long it is remembered.</param>
internal sealed record KeyOfRequest(string Text, byte[] BodyHash, int KnownMs);
