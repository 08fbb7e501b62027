using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Histories;

/// <summary>One try of a call as its client saw it.</summary>
/// <param name="Began">Place in the order of all beginnings and ends.</param>
/// <param name="Ended">Likewise.</param>
internal abstract record Call(long Began, long Ended, Reply Reply);

/// <param name="Status">HTTP status; 0 where no answer came.</param>
/// <param name="Applied">Of a 503: what it says about the request's effect.</param>
internal sealed record Reply(int Status, string? Applied = null)
{
    public bool IsDone => Status is >= 200 and < 300;

    /// <summary>It had no effect, and may be sent again.</summary>
    public bool IsNotApplied => Status == 503 && Applied == "no";

    public bool IsUnknown => Status == 0 || (Status == 503 && Applied == "unknown");

    public bool MayHaveEffect => IsDone || IsUnknown;
}

/// <param name="Made">The answer's job, where there is one.</param>
internal sealed record Create(long Began, long Ended, Reply Reply, NewJob Asked, Job? Made) : Call(Began, Ended, Reply);

internal sealed record Claim(long Began, long Ended, Reply Reply, IReadOnlyList<ClaimedJob> Grants) : Call(Began, Ended, Reply);

/// <param name="Then">Of an ack: the follow-up job that is to be made with it.</param>
internal sealed record Settle(long Began, long Ended, Reply Reply, Verb Verb, string JobId, long Fence, SettleAnswer? Answer, NewJob? Then = null)
    : Call(Began, Ended, Reply)
{
    /// <summary>The follow-up's id, where it is known.</summary>
    public string? FollowUp => Answer?.Then is [var id] ? id : null;
}

internal sealed record Cancel(long Began, long Ended, Reply Reply, string JobId) : Call(Began, Ended, Reply);

/// <summary>A look at a job once all is done.</summary>
/// <param name="State">Null where the job is gone.</param>
internal sealed record Look(long Began, long Ended, Reply Reply, string JobId, string? State) : Call(Began, Ended, Reply);

internal enum Verb
{
    Ack,
    Nack,
    Release,
    Extend,
}
