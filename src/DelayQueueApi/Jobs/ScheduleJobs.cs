using System.Text.Json;
using DelayQueueApi.Http;
using DelayQueueApi.Security;
using DelayQueueApi.Telemetry;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Jobs;

/// <summary>POST /jobs/batch</summary>
internal static class ScheduleJobs
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs)
    {
        var store = jobs.ServiceProvider.GetRequiredService<JobStore>();
        var limits = jobs.ServiceProvider.GetRequiredService<JobLimits>();
        return jobs.MapHotPost<Request>("/batch", HandleAsync, (http, caller, body) => HandleAsync(body, caller, store, limits, http))
            .Needs(Scope.Produce)
            .WithName("ScheduleJobs")
            .WithSummary("Schedule many jobs")
            .WithDescription("Answers one result an item, in order: each is made or refused by itself. Up to 100 items, and 1 MiB, go into one atomic step. " +
                "Give each an idempotencyKey to be able to repeat the request.")
            .WithExample("""{ "jobs": [{ "queue": "default", "payload": 1, "idempotencyKey": "order-42" }, { "queue": "default", "payload": 2, "delayMs": 5000 }] }""")
            .Produces<Response>();
    }

    /// <summary>Jobs to schedule.</summary>
    /// <param name="Jobs">1 to 1,000 jobs, each as in POST /jobs.</param>
    internal sealed record Request([property: ItemsOf(typeof(ScheduleJob.Request))] RawJson[] Jobs) : IBatch;

    /// <param name="Results">One an item, in the order of the items.</param>
    internal sealed record Response(IReadOnlyList<Result> Results) : IWritesItself
    {
        public void WriteTo(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteAll("results"u8, Results);
            json.WriteEndObject();
        }
    }

    /// <summary>What POST /jobs would have answered.</summary>
    /// <param name="Status">201, 200 where another job holds the unique key, or that of the problem.</param>
    /// <param name="Job">The job, where it is made.</param>
    /// <param name="JobId">The job that holds the unique key, where none is made for that.</param>
    /// <param name="Replayed">True where an earlier request under this key made it.</param>
    /// <param name="Problem">Why there is none.</param>
    internal sealed record Result(int Status, Job? Job = null, string? JobId = null, bool? Replayed = null, Problem? Problem = null) : IWritesItself
    {
        public void WriteTo(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteNumber("status"u8, Status);
            if (Job is not null)
            {
                json.WritePropertyName("job"u8);
                Job.WriteTo(json);
            }

            json.WriteText("jobId"u8, JobId);
            json.WriteMaybe("replayed"u8, Replayed);
            json.WriteOther("problem"u8, Problem, WireJson.Default.Problem);
            json.WriteEndObject();
        }
    }

    internal sealed class Validator : AbstractValidator<Request>
    {
        public Validator() => RuleFor(r => r.Jobs).Must(jobs => jobs.Length is > 0 and <= Limits.MaxBatch)
            .WithMessage($"must have 1 to {Limits.MaxBatch} items");
    }

    private static async Task<IResult> HandleAsync(JsonBody<Request> body, Caller caller, JobStore store, JobLimits limits, HttpContext http)
    {
        var items = Array.ConvertAll(body.Value.Jobs, job => JsonBody<ScheduleJob.Request>.Read(job.Utf8));
        var validator = http.RequestServices.GetService<IValidator<ScheduleJob.Request>>();
        var traceparent = Traceparent.Of(http.Request);
        var results = new Result[items.Length];
        var jobs = new List<NewJob>();
        var indexes = new List<int>();
        for (var i = 0; i < items.Length; i++)
        {
            var problem = items[i].Problem ?? items[i].Validate(validator) ?? limits.Check(items[i].Value)
                ?? caller.RefuseItem(items[i].Value.Queue, http);
            if (problem is not null)
            {
                results[i] = Refused(problem);
                continue;
            }

            jobs.Add(await limits.CheckQuotasAsync(ScheduleJob.NewJob(caller.Namespace, items[i].Value, items[i].Utf8, idempotencyKey: null, traceparent, limits)));
            indexes.Add(i);
        }

        using var span = jobs.Count > 0 ? Spans.Send(jobs[0].Queue, jobs.Count) : null;
        var outcomes = await store.ScheduleAllAsync(jobs);
        for (var i = 0; i < outcomes.Count; i++)
        {
            var (scheduled, failure) = outcomes[i];
            results[indexes[i]] = scheduled switch
            {
                null => Refused(Problems.StoreUnavailable(failure!)),
                _ when ScheduleJob.Refusal(scheduled) is { } refusal => Refused(refusal),
                { Outcome: ScheduleOutcome.Exists } => new Result(StatusCodes.Status200OK, JobId: scheduled.Id.Text),
                _ => new Result(
                    StatusCodes.Status201Created, ScheduleJob.Answer(items[indexes[i]].Value, jobs[i], scheduled),
                    Replayed: scheduled.Outcome == ScheduleOutcome.Replayed ? true : null),
            };
        }

        return new Answer<Response>(StatusCodes.Status200OK, new Response(results));

        Result Refused(ProblemHttpResult problem) => new(problem.StatusCode, Problem: Problem.Of(problem, http));
    }
}
