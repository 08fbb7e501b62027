using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text.Json;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using DelayQueueApi.Security;
using DelayQueueApi.Telemetry;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DelayQueueApi.Jobs;

/// <summary>POST /jobs</summary>
internal static class ScheduleJob
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs)
    {
        var store = jobs.ServiceProvider.GetRequiredService<JobStore>();
        var limits = jobs.ServiceProvider.GetRequiredService<JobLimits>();
        return jobs.MapHotPost<Request>("/", HandleAsync, (http, caller, body) => HandleAsync(body, caller, http.Request.Headers[IdempotencyKey.Header], store, limits, http))
            .Needs(Scope.Produce)
            .WithName("ScheduleJob")
            .WithSummary("Schedule a job")
            .WithDescription("Puts a job into a queue, to run now, after delayMs or at runAt. Once 201 is answered the job is stored. " +
                "With an Idempotency-Key the same request may be sent again and again: one job is made, and later answers carry Idempotency-Replayed: true. " +
                "200 is answered where another live job holds the unique key; it shows that job.")
            .WithExample("""{ "queue": "default", "payload": { "orderId": 42 }, "delayMs": 5000 }""")
            .Produces<Job>(StatusCodes.Status201Created)
            .Produces<Job>(StatusCodes.Status200OK)
            .ProducesProblems(StatusCodes.Status409Conflict, StatusCodes.Status422UnprocessableEntity, StatusCodes.Status429TooManyRequests);
    }

    /// <summary>A job to schedule.</summary>
    /// <param name="Payload">Any JSON value, kept byte for byte; up to 1 MiB unless the service is set otherwise.</param>
    /// <param name="Queue">Where to put it: a-z, 0-9, '_', '.', '-'. Queues need no setting up.</param>
    /// <param name="DelayMs">Run so many ms from now. Not together with runAt.</param>
    /// <param name="RunAt">Run at this instant (RFC 3339 with offset); the past means now. Not together with delayMs.</param>
    /// <param name="Priority">Higher first among the jobs that are due.</param>
    /// <param name="MaxAttempts">After so many failed attempts the job is dead; where nothing is said the queue's own, else 20.</param>
    /// <param name="LeaseMs">How long a worker may hold it before it is given to another.</param>
    /// <param name="Backoff">How long to wait after a failed attempt; where nothing is said the queue's own, else exponential from a second to an hour.</param>
    /// <param name="TtlMs">Where no worker has it within so many ms of its run-at, it expires and is never delivered.</param>
    /// <param name="RetentionMs">Keep it for so many ms once it is completed or expired, with its result; 0 for not at all. Where nothing is said the queue's own holds.</param>
    /// <param name="Unique">At most one live job of the queue holds a key.</param>
    /// <param name="Metadata">Up to 32 string pairs, 4 KiB in all, handed to the worker.</param>
    /// <param name="IdempotencyKey">As the header Idempotency-Key, for items of a batch; not together with the header.</param>
    /// <param name="IdempotencyRetentionMs">How long the key is known; a day unless the service is set otherwise, which is also the most.</param>
    internal sealed record Request(
        RawJson Payload,
        [property: DefaultValue(QueueName.Default), RegularExpression(QueueName.Pattern)] string? Queue = null,
        [property: Range(0, Limits.MaxDelayMs)] long? DelayMs = null,
        DateTimeOffset? RunAt = null,
        [property: DefaultValue(Limits.DefaultPriority), Range(Limits.MinPriority, Limits.MaxPriority)] int? Priority = null,
        [property: Range(1, Limits.MaxAttempts)] int? MaxAttempts = null,
        [property: Range(Limits.MinLeaseMs, Limits.MaxLeaseMs)] int? LeaseMs = null,
        Backoff? Backoff = null,
        [property: Range(1, Limits.MaxTtlMs)] long? TtlMs = null,
        [property: Range(0, Limits.MaxRetentionMs)] long? RetentionMs = null,
        Unique? Unique = null,
        Dictionary<string, string>? Metadata = null,
        [property: MaxLength(Limits.MaxKeyLength)] string? IdempotencyKey = null,
        [property: Range(Limits.MinKeyKnownMs, Limits.MaxKeyKnownMs)] int? IdempotencyRetentionMs = null) : IJobFields, IMayBePlain<Request>
    {
        /// <summary>Most jobs say where and when and no more.</summary>
        public static Request? ReadPlain(ref Utf8JsonReader json, ReadOnlyMemory<byte> body)
        {
            RawJson? payload = null;
            string? queue = null;
            long? delayMs = null;
            while (json.NextField())
            {
                var isPlain = payload is null && json.Is("payload"u8) ? (payload = json.ReadRaw(body)) is not null
                    : queue is null && json.Is("queue"u8) ? (queue = json.ReadText()) is not null && new QueueName(queue).IsValid
                    : delayMs is null && json.Is("delayMs"u8) && (delayMs = json.ReadNumber(0, Limits.MaxDelayMs)) is not null;
                if (!isPlain)
                {
                    return null;
                }
            }

            return payload is { } value ? new Request(value, queue, delayMs) : null;
        }
    }

    internal sealed class Validator : JobFieldsValidator<Request>
    {
        public Validator()
        {
            RuleFor(r => r.Queue).Must(queue => new QueueName(queue!).IsValid).When(r => r.Queue is not null).WithMessage(QueueName.Rule);
            RuleFor(r => r.Unique!).SetValidator(new UniqueValidator()).When(r => r.Unique is not null);
            RuleFor(r => r.IdempotencyKey).Must(key => IdempotencyKey.IsValid(key!)).When(r => r.IdempotencyKey is not null)
                .WithMessage($"must be 1 to {Limits.MaxKeyLength} printable ASCII characters");
            RuleFor(r => r.IdempotencyRetentionMs).GreaterThanOrEqualTo(Limits.MinKeyKnownMs).WithMessage($"must be at least {Limits.MinKeyKnownMs}");
        }
    }

    private static async Task<IResult> HandleAsync(
        JsonBody<Request> body, Caller caller,
        [FromHeader(Name = IdempotencyKey.Header)] string? idempotencyKey,
        JobStore store, JobLimits limits, HttpContext http)
    {
        var key = idempotencyKey is null ? null : IdempotencyKey.Parse(idempotencyKey);
        if (idempotencyKey is not null && key is null)
        {
            return Problems.Invalid(IdempotencyKey.Header, IdempotencyKey.Rule);
        }

        if (key is not null && body.Value.IdempotencyKey is not null)
        {
            return Problems.Invalid("idempotencyKey", $"cannot be given together with the header {IdempotencyKey.Header}");
        }

        if (limits.Check(body.Value, key) is { } outOfBounds)
        {
            return outOfBounds;
        }

        var job = NewJob(caller.Namespace, body.Value, body.Utf8, key, Traceparent.Of(http.Request), limits);
        if (!caller.MayProduce(job.Queue))
        {
            return Problems.Forbidden();
        }

        using var span = Spans.Send(job.Queue);
        var scheduled = await store.ScheduleAsync(await limits.CheckQuotasAsync(job));
        span?.SetTag("messaging.message.id", scheduled.Id.Text);
        if (Refusal(scheduled) is { } refusal)
        {
            return refusal;
        }

        if (scheduled.Outcome == ScheduleOutcome.Replayed)
        {
            http.Response.Headers["Idempotency-Replayed"] = "true";
        }

        return await AnswerAsync(body.Value, job, scheduled, store);
    }

    /// <returns>The job made, or the one that holds its unique key; an error where that has ended by now, so that the next try makes one.</returns>
    public static async ValueTask<IResult> AnswerAsync(Request request, NewJob job, Scheduled scheduled, JobStore store)
    {
        var location = "/jobs/" + scheduled.Id.Text;
        if (scheduled.Outcome != ScheduleOutcome.Exists)
        {
            return new Answer<Job>(StatusCodes.Status201Created, Answer(request, job, scheduled), location);
        }

        return await store.GetAsync(scheduled.Id) is var (existing, now)
            ? new Answer<Job>(StatusCodes.Status200OK, Job.From(existing, now), location) : Problems.UniqueConflict(scheduled.Id);
    }

    /// <param name="namespace">Whose job it is.</param>
    /// <param name="request">What was asked for; checked.</param>
    /// <param name="body">The same as it was sent: a whole body, or an item of one.</param>
    public static NewJob NewJob(string @namespace, Request request, ReadOnlyMemory<byte> body, string? idempotencyKey, string? traceparent, JobLimits limits)
    {
        idempotencyKey ??= request.IdempotencyKey;
        var queue = new QueueName(request.Queue ?? QueueName.Default, @namespace);
        var (priority, delayMs) = (request.Priority ?? Limits.DefaultPriority, request.DelayMs ?? 0);
        return new NewJob(
            queue,
            priority,
            delayMs,
            request.RunAt,
            request.MaxAttempts,
            request.LeaseMs,
            JobRecord.EncodeNew(
                priority, delayMs, request.RunAt, queue, OptionsOf(request), request.Backoff, request.Metadata, traceparent, request.Payload),
            request.Unique?.OnConflict ?? OnConflict.Return,
            idempotencyKey is null ? null : new KeyOfRequest(Namespaces.Field(@namespace, idempotencyKey), SHA256.HashData(body.Span)[..16], request.IdempotencyRetentionMs ?? limits.KeyKnownMs),
            request.Unique?.Key);
    }

    private static JobOptions OptionsOf(Request request) => request is { TtlMs: null, RetentionMs: null, Unique: null }
        ? JobOptions.None : new JobOptions(request.TtlMs, request.RetentionMs, request.Unique);

    /// <returns>Why no job was made, or null.</returns>
    public static ProblemHttpResult? Refusal(Scheduled scheduled) => scheduled.Outcome switch
    {
        ScheduleOutcome.KeyReused => Problems.IdempotencyKeyReused(),
        ScheduleOutcome.KeyTaken => Problems.UniqueConflict(scheduled.Id),
        ScheduleOutcome.Full => Problems.QueueFull(),
        ScheduleOutcome.OverQuota => Problems.QuotaExceeded(scheduled.Over!.Value),
        _ => null,
    };

    /// <summary>The job as it was made, also where it has moved on since: the same request always gets the same answer.</summary>
    public static Job Answer(Request request, NewJob job, Scheduled scheduled) => new(
        scheduled.Id.Text, job.Queue.Text, scheduled.RunAt > scheduled.EnqueuedAt ? JobState.Scheduled : JobState.Ready, job.Priority, request.Payload,
        scheduled.RunAt, scheduled.EnqueuedAt, Attempt: 0, scheduled.MaxAttempts, request.LeaseMs,
        request.Backoff is { } backoff ? Backoff.FromStored(backoff.ToStored()) : null, request.TtlMs, request.RetentionMs, JobUnique.From(request.Unique),
        request.Metadata is { Count: > 0 } ? request.Metadata : null);
}
