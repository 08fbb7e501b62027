using System.Text.Json.Serialization;
using DelayQueueApi.Http;

namespace DelayQueueApi.Store;

/// <summary>What fsck has looked at and found. It stays small, however much is wrong.</summary>
internal sealed class FsckReport(bool repair)
{
    public const int MostExamples = 10;

    private const FaultKind Unrepaired = FaultKind.SharedUniqueKey;

    private readonly SortedDictionary<FaultKind, (long Count, List<string> Examples)> byKind = [];

    public long Jobs { get; set; }

    public HashSet<string> Queues { get; private set; } = [];

    public long Schedules { get; set; }

    public IEnumerable<FsckFault> Faults => byKind.Select(kind => new FsckFault(kind.Key, kind.Value.Count, kind.Value.Examples));

    public long Count => byKind.Values.Sum(kind => kind.Count);

    /// <summary>How many faults are still there.</summary>
    public long Left => repair ? byKind.GetValueOrDefault(Unrepaired).Count : Count;

    public void Add(FaultKind kind, string example)
    {
        var (count, examples) = byKind.GetValueOrDefault(kind, (0, []));
        if (examples.Count < MostExamples)
        {
            examples.Add(example);
        }

        byKind[kind] = (count + 1, examples);
    }

    /// <summary>Adds what another look has found after this one.</summary>
    public void Add(FsckReport later)
    {
        (Jobs, Queues, Schedules) = (later.Jobs, later.Queues, later.Schedules);
        byKind.Remove(Unrepaired);
        foreach (var (kind, (count, examples)) in later.byKind)
        {
            var before = byKind.GetValueOrDefault(kind, (0, []));
            byKind[kind] = (before.Count + count, [.. before.Examples.Concat(examples).Take(MostExamples)]);
        }
    }
}

/// <summary>Faults of one kind.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Count">How often.</param>
/// <param name="Examples">The first ten: ids of jobs, names of queues or schedules, keys.</param>
internal sealed record FsckFault(FaultKind Kind, long Count, IReadOnlyList<string> Examples);

/// <summary>
/// unreadable-job: a record is not that of a job; it is moved to lost+found. missing-entry: a job is not in the index that its record tells.
/// wrong-score: it stands there at another place. stray-entry: an index has a job that does not belong there, or none that is there.
/// missing-lock: a job does not hold its unique key. stray-lock: a unique key is held by a job that is not there, or may not hold it.
/// shared-unique-key: two live jobs have one unique key; not repaired, cancel one of them. wrong-count: the jobs that a queue has had are not
/// those that have ended and those that are there. wrong-bytes: the records of a queue have not as many
/// bytes as are counted. unlisted-queue: a queue is not among the names. late-event: a queue is looked after later than something is due in it. unmade-job: an idempotency key names a job that was never made. unreadable-key: what is remembered of an
/// idempotency key cannot be read. unreadable-schedule: a schedule's record cannot be read; it is moved to lost+found. missing-schedule-entry,
/// stray-schedule-entry: as of jobs. unfired-schedule: a schedule names a job that was never made; it fires again.
/// </summary>
[JsonConverter(typeof(KebabCaseEnum<FaultKind>))]
internal enum FaultKind
{
    UnreadableJob,
    MissingEntry,
    WrongScore,
    StrayEntry,
    MissingLock,
    StrayLock,
    SharedUniqueKey,
    WrongCount,
    WrongBytes,
    UnlistedQueue,
    LateEvent,
    UnmadeJob,
    UnreadableKey,
    UnreadableSchedule,
    MissingScheduleEntry,
    StrayScheduleEntry,
    UnfiredSchedule,
}
