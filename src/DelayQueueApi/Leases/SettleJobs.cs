using System.Text.Json;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Leases;

/// <summary>POST /jobs/settle</summary>
internal static class SettleJobs
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs)
    {
        var leases = jobs.ServiceProvider.GetRequiredService<LeaseRequests>();
        var store = jobs.ServiceProvider.GetRequiredService<LeaseStore>();
        var followUps = jobs.ServiceProvider.GetRequiredService<FollowUps>();
        return jobs.MapHotPost<Request>("/settle", HandleAsync, (http, caller, body) => HandleAsync(body, caller, leases, store, followUps, http))
            .Needs(Scope.Consume)
            .WithName("SettleJobs")
            .WithSummary("Ack and nack many jobs")
            .WithDescription("Answers one result an item, acks first, then nacks, in order: each is settled or refused by itself, and may be repeated as the single call.")
            .WithExample("""{ "acks": [{ "id": "0-01JD3W8Y9A0000000000000HB2", "leaseToken": "from the claim" }], "nacks": [] }""")
            .Produces<Response>();
    }

    /// <summary>Up to 1,000 jobs in all.</summary>
    /// <param name="Acks">Jobs that are done.</param>
    /// <param name="Nacks">Jobs whose attempt failed.</param>
    internal sealed record Request(
        [property: ItemsOf(typeof(Ack))] RawJson[]? Acks = null,
        [property: ItemsOf(typeof(Nack))] RawJson[]? Nacks = null) : IBatch;

    /// <param name="Id">The job.</param>
    /// <param name="LeaseToken">From the claim.</param>
    /// <param name="Result">Any JSON value up to 64 KiB, shown with the job for its retention.</param>
    /// <param name="Then">Up to 20 follow-up jobs, made together with the ack or not at all.</param>
    internal sealed record Ack(
        string Id, string LeaseToken, RawJson? Result = null, RawJson[]? Then = null)
        : AckJob.Request(LeaseToken, Result, Then), IMayBePlain<Ack>
    {
        /// <summary>As of a single ack.</summary>
        public static new Ack? ReadPlain(ref Utf8JsonReader json, ReadOnlyMemory<byte> body)
        {
            string? id = null, token = null;
            while (json.NextField())
            {
                var isPlain = id is null && json.Is("id"u8) ? (id = json.ReadText()) is not null
                    : token is null && json.Is("leaseToken"u8) && (token = json.ReadText()) is not null;
                if (!isPlain)
                {
                    return null;
                }
            }

            return id is null || token is null ? null : new Ack(id, token);
        }
    }

    /// <param name="Id">The job.</param>
    /// <param name="LeaseToken">From the claim.</param>
    /// <param name="Error">What went wrong; up to 8 KiB.</param>
    /// <param name="ErrorType">Kind of error, for grouping.</param>
    /// <param name="DelayMs">Try again after so many ms, whatever the backoff says.</param>
    /// <param name="Dead">No further attempt.</param>
    internal sealed record Nack(string Id, string LeaseToken, string? Error = null, string? ErrorType = null, long? DelayMs = null, bool? Dead = null)
        : NackJob.Request(LeaseToken, Error, ErrorType, DelayMs, Dead);

    /// <param name="Results">One an item: acks first, then nacks, in order.</param>
    internal sealed record Response(IReadOnlyList<Result> Results) : IWritesItself
    {
        public void WriteTo(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteAll("results"u8, Results);
            json.WriteEndObject();
        }
    }

    /// <summary>What the single call would have answered.</summary>
    /// <param name="Status">204 for an ack, 200 for one with follow-ups and for a nack, or that of the problem.</param>
    /// <param name="Then">Of an ack: the follow-ups' ids.</param>
    /// <param name="State">Of a nack: scheduled, ready or dead.</param>
    /// <param name="RunAt">Of a nack: the next try, unless dead.</param>
    /// <param name="Problem">Why it was not settled.</param>
    internal sealed record Result(int Status, IReadOnlyList<string>? Then = null, JobState? State = null, DateTimeOffset? RunAt = null, Problem? Problem = null) : IWritesItself
    {
        public void WriteTo(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteNumber("status"u8, Status);
            json.WriteOther("then"u8, Then, WireJson.Default.IReadOnlyListString);
            json.WriteState("state"u8, State);
            json.WriteInstant("runAt"u8, RunAt);
            json.WriteOther("problem"u8, Problem, WireJson.Default.Problem);
            json.WriteEndObject();
        }
    }

    internal sealed class Validator : AbstractValidator<Request>
    {
        public Validator() => RuleFor(r => r.Acks).Must((request, _) => (request.Acks?.Length ?? 0) + (request.Nacks?.Length ?? 0) is > 0 and <= Limits.MaxBatch)
            .WithMessage($"and nacks must have 1 to {Limits.MaxBatch} items together");
    }

    internal sealed class NackValidator : AbstractValidator<Nack>
    {
        public NackValidator() => Include(new NackJob.Validator());
    }

    private static async Task<IResult> HandleAsync(JsonBody<Request> body, Caller caller, LeaseRequests leases, LeaseStore store, FollowUps followUps, HttpContext http)
    {
        using var span = Spans.SettleMany((body.Value.Acks?.Length ?? 0) + (body.Value.Nacks?.Length ?? 0));
        var acked = await SettleAsync<Ack, Leases.Ack, Acked>(
            body.Value.Acks, ack => AckJob.ReadAsync(new JobId(ack.Id), ack, caller, leases, followUps, http), store.AckAllAsync, AckJob.Answer, http);
        var nacked = await SettleAsync<Nack, Leases.Nack, Nacked>(
            body.Value.Nacks, nack => NackJob.ReadAsync(new JobId(nack.Id), nack, caller, leases), store.NackAllAsync, NackJob.Answer, http);
        return new Answer<Response>(StatusCodes.Status200OK, new Response([.. acked, .. nacked]));
    }

    private static async Task<Result[]> SettleAsync<TItem, TOperation, TReply>(
        RawJson[]? items,
        Func<TItem, ValueTask<(TOperation? Operation, ProblemHttpResult? Problem)>> read,
        Func<IReadOnlyList<TOperation>, Task<IReadOnlyList<(TReply? Reply, StoreException? Failure)>>> settle,
        Func<TReply, IResult> answer,
        HttpContext http)
        where TItem : class
        where TOperation : class
    {
        var validator = http.RequestServices.GetService<IValidator<TItem>>();
        var results = new Result[items?.Length ?? 0];
        var operations = new List<TOperation>(results.Length);
        var indexes = new List<int>(results.Length);
        for (var i = 0; i < results.Length; i++)
        {
            var item = JsonBody<TItem>.Read(items![i].Utf8);
            var (operation, problem) = (item.Problem ?? item.Validate(validator)) is { } invalid ? (null, invalid) : await ReadAsync(item.Value);
            if (operation is null)
            {
                results[i] = AsItem(problem!, http);
                continue;
            }

            operations.Add(operation);
            indexes.Add(i);
        }

        var outcomes = await settle(operations);
        for (var i = 0; i < outcomes.Count; i++)
        {
            var (reply, failure) = outcomes[i];
            results[indexes[i]] = AsItem(reply is null ? Problems.StoreUnavailable(failure!) : answer(reply), http);
        }

        return results;

        async ValueTask<(TOperation? Operation, ProblemHttpResult? Problem)> ReadAsync(TItem item)
        {
            try
            {
                return await read(item);
            }
            catch (StoreException error)
            {
                return (null, Problems.StoreUnavailable(error));
            }
        }
    }

    private static Result AsItem(IResult result, HttpContext http) => result switch
    {
        ProblemHttpResult problem => new(problem.StatusCode, Problem: Problem.Of(problem, http)),
        Answer<AckJob.Response> acked => new(acked.Status, acked.Value.Then),
        Answer<NackJob.Response> nacked => new(nacked.Status, State: nacked.Value.State, RunAt: nacked.Value.RunAt),
        _ => new(StatusCodes.Status204NoContent),
    };
}
