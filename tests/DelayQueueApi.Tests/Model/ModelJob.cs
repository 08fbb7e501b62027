namespace DelayQueueApi.Tests.Model;

internal enum ModelState
{
    Pending,
    Leased,
    Dead,
    Completed,
    Expired,
    Gone,
}

/// <summary>A job of the model, and how it looks at an instant: time moves it on before anybody has noticed.</summary>
/// <param name="unique">The key that keeps others out, and until when.</param>
internal sealed class ModelJob(int number, UniqueSpec? unique)
{
    public int Number => number;

    public required long RunAt { get; set; }

    public required int Priority { get; set; }

    public required int MaxAttempts { get; set; }

    public required int? TtlMs { get; set; }

    public required int? RetentionMs { get; init; }

    public ModelState State { get; set; }

    public int Attempt { get; set; }

    /// <summary>Number of its newest lease; -1 before the first.</summary>
    public int Lease { get; set; } = -1;

    public long LeaseEnd { get; set; }

    /// <summary>Of its newest lease.</summary>
    public long Fence { get; set; } = -1;

    public bool Cancelled { get; set; }

    /// <summary>The lease by which it was acked, or let go after a cancel.</summary>
    public int? FinishedBy { get; set; }

    /// <summary>What was made together with its ack.</summary>
    public IReadOnlyList<ModelJob> FollowUps { get; set; } = [];

    /// <summary>When it died, was completed or expired.</summary>
    public long EndedAt { get; set; }

    public long? KeptUntil { get; set; }

    public int? Result { get; set; }

    public int Nacks { get; set; }

    public int Expiries { get; set; }

    public int Releases { get; set; }

    /// <summary>How its attempts have ended.</summary>
    public List<string> History { get; } = [];

    /// <summary>Whether it takes room in its queue.</summary>
    public bool IsLive => State is ModelState.Pending or ModelState.Leased;

    /// <summary>The instant from which no worker gets it any more; none once a worker had it.</summary>
    public long? StartBy => State == ModelState.Pending && Lease < 0 ? RunAt + TtlMs : null;

    /// <summary>Whether its key is kept until it has finished, and so taken again by a redrive.</summary>
    public string? KeyUntilFinished => unique?.Until == "finished" ? unique.Key : null;

    public bool Holds(string key) => unique?.Key == key && (unique.Until == "started" ? State == ModelState.Pending && Lease < 0 : IsLive);

    public bool IsGone(long now) => State == ModelState.Gone || KeptUntil <= now || (State == ModelState.Leased && Cancelled && LeaseEnd <= now)
        || (StartBy <= now && RetentionMs == 0);

    public void EndAttempt(string outcome, long at) => History.Add($"{Attempt}{outcome}@{at}");

    public string Show(long now)
    {
        var ended = EndedAt;
        string state;
        switch (State)
        {
            case ModelState.Leased when LeaseEnd <= now:
                (state, ended) = (Attempt >= MaxAttempts ? "dead" : "ready", LeaseEnd);
                break;
            case ModelState.Pending when StartBy <= now:
                (state, ended) = ("expired", StartBy.Value);
                break;
            case ModelState.Pending:
                state = RunAt > now ? "scheduled" : "ready";
                break;
            default:
                state = State.ToString().ToLowerInvariant();
                break;
        }

        return $"j{Number} {state} p{Priority} {RunAt} {Attempt}/{MaxAttempts} {Nacks}-{Expiries}-{Releases} [{string.Join(' ', History.TakeLast(10))}]"
            + (state is "dead" or "completed" or "expired" ? $" ended {ended}" : "") + (KeptUntil is { } kept ? $" kept {kept} {Result}" : "");
    }
}
