using DelayQueueApi.Queues;

namespace DelayQueueApi.Security;

/// <summary>
/// The quotas of one namespace. What it holds is read from the store once for all who come within a second; until the next reading, what this
/// instance lets in is added. So a quota is overshot by what other instances let in within that time, and by what is on its way while it is read.
/// </summary>
internal sealed class NamespaceQuotas(string name, NamespaceOptions most, QueueStore queues, TimeProvider time)
{
    /// <summary>Readings take a tenth of the time at most, also where there are thousands of queues.</summary>
    private const int Rest = 10;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private NamespaceUsage read = new(0, 0, new HashSet<string>());
    private Taken since = new();
    private Taken sinceNext = new();
    private Task reading = Task.CompletedTask;
    private long? readAt;
    private TimeSpan took;

    /// <summary>Takes room, where there is enough.</summary>
    /// <param name="queue">Where it is taken; a queue that is not there yet is one more.</param>
    /// <param name="jobs">How many jobs more there are then; null where none is made.</param>
    /// <param name="bytes">How many bytes records get.</param>
    /// <returns>The quota that does not allow it, or null.</returns>
    /// <exception cref="Store.StoreException">The store could not be asked or did not answer.</exception>
    public async Task<Quota?> TakeAsync(QueueName queue, int? jobs, int bytes)
    {
        await RefreshAsync();
        lock (gate)
        {
            var isNew = !read.Queues.Contains(queue.Text) && !since.Queues.Contains(queue.Text);
            Quota? over = read.Jobs + since.Jobs + jobs > most.Jobs ? Quota.Jobs
                : bytes > 0 && read.Bytes + since.Bytes + bytes > most.Bytes ? Quota.Bytes
                : isNew && read.Queues.Count + since.Queues.Count + 1 > most.Queues ? Quota.Queues
                : null;
            if (over is null)
            {
                since.Add(jobs ?? 0, bytes, isNew ? queue.Text : null);
                sinceNext.Add(jobs ?? 0, bytes, isNew ? queue.Text : null);
            }

            return over;
        }
    }

    /// <summary>Each quota, and how much of it is used.</summary>
    /// <exception cref="Store.StoreException">The store could not be asked or did not answer.</exception>
    public async Task<UsedQuotas> ReadAsync()
    {
        await RefreshAsync();
        lock (gate)
        {
            return new UsedQuotas(
                Used(read.Jobs + since.Jobs, most.Jobs), Used(read.Bytes + since.Bytes, most.Bytes), Used(read.Queues.Count + since.Queues.Count, most.Queues));
        }
    }

    private static UsedQuota? Used(long used, long? most) => most is { } bound ? new UsedQuota(used, bound) : null;

    /// <summary>Reads anew where the last reading is too old, or joins the one that is under way.</summary>
    private Task RefreshAsync()
    {
        lock (gate)
        {
            if (reading.IsCompleted && (readAt is not { } at || time.GetElapsedTime(at) >= (took * Rest > Every ? took * Rest : Every)))
            {
                reading = ReadStoreAsync();
            }

            return reading;
        }
    }

    private async Task ReadStoreAsync()
    {
        var started = time.GetTimestamp();
        sinceNext = new Taken();
        var usage = await queues.UsageAsync(name);
        lock (gate)
        {
            (read, since, sinceNext, readAt, took) = (usage, sinceNext, new Taken(), started, time.GetElapsedTime(started));
        }
    }

    /// <summary>What was let in after a reading began.</summary>
    private sealed class Taken
    {
        public long Jobs { get; private set; }

        public long Bytes { get; private set; }

        public HashSet<string> Queues { get; } = [];

        public void Add(int jobs, int bytes, string? queue)
        {
            Jobs += jobs;
            Bytes += bytes;
            if (queue is not null)
            {
                Queues.Add(queue);
            }
        }
    }
}

/// <param name="Jobs">Of any state.</param>
/// <param name="Bytes">Of their records, as they lie in the store.</param>
/// <param name="Queues">Queues that are there, also empty ones.</param>
internal sealed record UsedQuotas(UsedQuota? Jobs, UsedQuota? Bytes, UsedQuota? Queues);

/// <param name="Used">How much there is, as of a second ago at most, and more where there are thousands of queues.</param>
/// <param name="Most">How much there may be.</param>
internal sealed record UsedQuota(long Used, long Most);
