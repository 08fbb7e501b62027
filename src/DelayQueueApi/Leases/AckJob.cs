using System.Diagnostics;
using System.Text.Json;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Leases;

/// <summary>POST /jobs/{id}/ack</summary>
internal static class AckJob
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs)
    {
        var leases = jobs.ServiceProvider.GetRequiredService<LeaseRequests>();
        var store = jobs.ServiceProvider.GetRequiredService<LeaseStore>();
        var followUps = jobs.ServiceProvider.GetRequiredService<FollowUps>();
        return jobs.MapHotPost<Request>("/{id}/ack", HandleAsync, (http, caller, body) => HandleAsync(JobId.In(http), body, caller, leases, store, followUps, http))
            .Needs(Scope.Consume)
            .WithName("AckJob")
            .WithSummary("Finish a leased job")
            .WithDescription("Repeating an ack is safe: it gets the same answer for a minute at least. With then, follow-up jobs are made in the same atomic " +
                "step: all of them, or, where one is refused or the lease is lost, none, and the job stays leased. Their ids are answered with 200.")
            .WithExample("""{ "leaseToken": "from the claim" }""")
            .Produces(StatusCodes.Status204NoContent)
            .Produces<Response>()
            .ProducesProblems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status422UnprocessableEntity, StatusCodes.Status429TooManyRequests);
    }

    /// <param name="LeaseToken">From the claim.</param>
    /// <param name="Result">Any JSON value up to 64 KiB, shown with the job for its retention; without one it is dropped.</param>
    /// <param name="Then">Up to 20 follow-up jobs, each as in POST /jobs, made together with the ack or not at all.</param>
    internal record Request(
        string LeaseToken, RawJson? Result = null, [property: ItemsOf(typeof(ScheduleJob.Request), Limits.MaxFollowUps)] RawJson[]? Then = null) : IMayBePlain<Request>
    {
        /// <summary>Most workers leave no result and no follow-ups.</summary>
        public static Request? ReadPlain(ref Utf8JsonReader json, ReadOnlyMemory<byte> body) =>
            json.NextField() && json.Is("leaseToken"u8) && json.ReadText() is { } token && !json.NextField() ? new Request(token) : null;
    }

    /// <param name="Then">The follow-ups' ids, in order.</param>
    internal sealed record Response(IReadOnlyList<string> Then);

    private static async Task<IResult> HandleAsync(
        JobId id, JsonBody<Request> body, Caller caller, LeaseRequests leases, LeaseStore store, FollowUps followUps, HttpContext http)
    {
        var (ack, problem) = await ReadAsync(id, body.Value, caller, leases, followUps, http);
        if (ack is null)
        {
            return problem!;
        }

        using var span = await leases.TraceAsync("ack", id, ack.Lease);
        return Answer(await store.AckAsync(ack));
    }

    /// <returns>What is asked of the store, or why nothing is.</returns>
    public static async ValueTask<(Ack? Ack, ProblemHttpResult? Problem)> ReadAsync(
        JobId id, Request request, Caller caller, LeaseRequests leases, FollowUps followUps, HttpContext http)
    {
        if (request.Result?.Utf8.Length > Limits.MaxResultBytes)
        {
            return (null, Problems.PayloadTooLarge($"The result has {request.Result.Value.Utf8.Length} bytes; at most {Limits.MaxResultBytes} are taken."));
        }

        var (then, invalid) = await followUps.ReadAsync(request.Then, caller, http);
        if (invalid is not null)
        {
            return (null, invalid);
        }

        var (lease, problem) = await leases.FindAsync(id, request.LeaseToken, caller);
        return lease is null ? (null, problem) : (new Ack(lease, request.Result, then), null);
    }

    public static IResult Answer(Acked acked) => acked.Outcome switch
    {
        Settled.Done or Settled.Repeated when acked.FollowUps.Count == 0 => NoAnswer.Instance,
        Settled.Done or Settled.Repeated => new Answer<Response>(StatusCodes.Status200OK, new Response([.. acked.FollowUps.Select(job => job.Text)])),
        Settled.Missing => Problems.JobMissing(),
        Settled.Lost => Problems.LeaseLost(),
        Settled.Cancelled => Problems.JobCancelled(),
        Settled.KeyReused => Problems.InFollowUp(Problems.IdempotencyKeyReused(), acked.Refused),
        Settled.KeyTaken => Problems.InFollowUp(Problems.UniqueConflict(acked.FollowUps[0]), acked.Refused),
        Settled.Full => Problems.InFollowUp(Problems.QueueFull(), acked.Refused),
        Settled.OverQuota => Problems.InFollowUp(Problems.QuotaExceeded(acked.Over!.Value), acked.Refused),
        var other => throw new UnreachableException($"AckJob.lua answered {other}."),
    };
}

/// <param name="Result">Kept with the job where jobs are kept.</param>
/// <param name="Then">Jobs that are made together with the ack or not at all.</param>
internal sealed record Ack(HeldLease Lease, RawJson? Result, IReadOnlyList<NewJob> Then)
{
    /// <summary>What it adds to a call of a hundred leases and jobs, and of 1 MiB.</summary>
    public int Weight => Math.Max(1 + Then.Count, ((Result?.Utf8.Length ?? 0) + Then.Sum(job => job.Record.Length)) / 10_240);

    private bool IsPlain => Result is null && Then.Count == 0;

    /// <summary>Whether it is itself, or differs in the lease only.</summary>
    public bool IsLike(Ack other) => ReferenceEquals(this, other) || (IsPlain && other.IsPlain && Lease.Token.Queue == other.Lease.Token.Queue);
}

/// <param name="FollowUps">The jobs of <see cref="Ack.Then"/>; where the ack is refused, the job in the way.</param>
/// <param name="Refused">Number of the follow-up that is refused, from 1.</param>
/// <param name="Over">The quota that leaves no room for it.</param>
internal sealed record Acked(Settled Outcome, IReadOnlyList<JobId> FollowUps, int Refused = 0, Quota? Over = null)
{
    /// <summary>What became of the follow-ups, where this ack has made them.</summary>
    public IReadOnlyList<ScheduleOutcome> Made { get; init; } = [];
}

/// <summary>As AckJob.lua and ReleaseJob.lua answer.</summary>
internal enum Settled
{
    Done = 1,
    Repeated = 2,
    Missing = 0,
    Lost = -1,
    Cancelled = -2,

    /// <summary>Of a follow-up, as are the next three.</summary>
    KeyReused = -3,
    KeyTaken = -4,
    Full = -5,
    OverQuota = -6,
}
