using System.Text.Json.Serialization;
using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Histories;

/// <summary>One try of a call as its client saw it, or a fault; a line of the history's file.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "call")]
[JsonDerivedType(typeof(Create), "create")]
[JsonDerivedType(typeof(Claim), "claim")]
[JsonDerivedType(typeof(Settle), "settle")]
[JsonDerivedType(typeof(Cancel), "cancel")]
[JsonDerivedType(typeof(Look), "look")]
[JsonDerivedType(typeof(Count), "count")]
[JsonDerivedType(typeof(Listing), "list")]
[JsonDerivedType(typeof(Fault), "fault")]
internal abstract record Call(Trip Trip, Reply Reply)
{
    public long Began => Trip.Began;

    public long Ended => Trip.Ended ?? long.MaxValue;
}

/// <summary>Who called where, and when.</summary>
/// <param name="Number">Of the call in its run.</param>
/// <param name="Instance">Which of the services was called, from 0.</param>
/// <param name="Began">µs of the monotonic clock since the run began.</param>
/// <param name="Ended">Likewise; null while there is no answer.</param>
internal sealed record Trip(int Number, int Client, int Instance, long Began, long? Ended = null);

internal enum Outcome
{
    Ok,

    /// <summary>It had no effect.</summary>
    Failed,

    /// <summary>It may have had its effect, or have it later.</summary>
    Unknown,
}

/// <param name="Status">HTTP status; 0 where no answer came.</param>
/// <param name="Applied">Of a 503: what it says about the request's effect.</param>
internal sealed record Reply(int Status, string? Applied = null)
{
    public static readonly Reply None = new(0);

    public Outcome Outcome { get; init; } =
        Status is >= 200 and < 300 ? Outcome.Ok : Status == 0 || (Status == 503 && Applied == "unknown") ? Outcome.Unknown : Outcome.Failed;

    public bool IsDone => Outcome == Outcome.Ok;

    public bool IsUnknown => Outcome == Outcome.Unknown;

    /// <summary>The store was not there: the call had no effect, and may be sent again.</summary>
    public bool IsNotApplied => Status == 503 && Applied == "no";

    public bool MayHaveEffect => Outcome != Outcome.Failed;
}

/// <param name="Made">The answer's job, where there is one.</param>
/// <param name="IsDurable">Whether the answer tells that replicas have the job.</param>
internal sealed record Create(Trip Trip, Reply Reply, NewJob Asked, Job? Made = null, bool IsDurable = false) : Call(Trip, Reply);

/// <param name="ClaimId">The same one again is the same claim.</param>
internal sealed record Claim(Trip Trip, Reply Reply, string Queue, int Limit, int LeaseMs, int WaitMs, string? ClaimId, IReadOnlyList<ClaimedJob> Grants)
    : Call(Trip, Reply);

/// <param name="Ms">Of an extend: the length of the lease; of a nack: the delay, where one was given.</param>
/// <param name="Then">Of an ack: the follow-up job that is to be made with it.</param>
internal sealed record Settle(
    Trip Trip, Reply Reply, Verb Verb, string JobId, long Fence, int? Ms = null, NewJob? Then = null, SettleAnswer? Answer = null) : Call(Trip, Reply)
{
    /// <summary>The follow-up's id, where it is known.</summary>
    public string? FollowUp => Answer?.Then is [var id] ? id : null;
}

internal sealed record Cancel(Trip Trip, Reply Reply, string JobId) : Call(Trip, Reply);

/// <param name="Found">Null where the job is gone.</param>
internal sealed record Look(Trip Trip, Reply Reply, string JobId, Job? Found = null) : Call(Trip, Reply);

/// <summary>A look at a queue's counts.</summary>
internal sealed record Count(Trip Trip, Reply Reply, Queue? Counts = null) : Call(Trip, Reply);

/// <summary>A queue's jobs of one state, once all is done.</summary>
internal sealed record Listing(Trip Trip, Reply Reply, string State, IReadOnlyList<string> Ids) : Call(Trip, Reply);

/// <summary>What went wrong on purpose, from its beginning until it was put right.</summary>
internal sealed record Fault(Trip Trip, Reply Reply, string What) : Call(Trip, Reply);

internal enum Verb
{
    Ack,
    Nack,
    Release,
    Extend,
}
