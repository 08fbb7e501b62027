using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Jobs;

/// <summary>POST /jobs</summary>
internal static class ScheduleJob
{
    private const string KeyHeader = "Idempotency-Key";

    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs) =>
        jobs.MapPost("/", HandleAsync)
            .WithName("ScheduleJob")
            .WithSummary("Schedule a job")
            .WithDescription("Puts a job into a queue, to run now, after delayMs or at runAt. Once 201 is answered the job is stored. " +
                "With an Idempotency-Key the same request may be sent again and again: one job is made, and later answers carry Idempotency-Replayed: true.")
            .WithExample("""{ "queue": "default", "payload": { "orderId": 42 }, "delayMs": 5000 }""")
            .Produces<Job>(StatusCodes.Status201Created)
            .ProducesProblems(StatusCodes.Status422UnprocessableEntity);

    /// <summary>A job to schedule.</summary>
    /// <param name="Payload">Any JSON value, kept byte for byte; up to 1 MiB unless the service is set otherwise.</param>
    /// <param name="Queue">Where to put it: a-z, 0-9, '_', '.', '-'. Queues need no setting up.</param>
    /// <param name="DelayMs">Run so many ms from now. Not together with runAt.</param>
    /// <param name="RunAt">Run at this instant (RFC 3339 with offset); the past means now. Not together with delayMs.</param>
    /// <param name="Priority">Higher first among the jobs that are due.</param>
    /// <param name="MaxAttempts">After so many failed attempts the job is dead.</param>
    /// <param name="LeaseMs">How long a worker may hold it before it is given to another.</param>
    /// <param name="Backoff">How long to wait after a failed attempt; exponential from a second to an hour by default.</param>
    /// <param name="Metadata">Up to 32 string pairs, 4 KiB in all, handed to the worker.</param>
    /// <param name="IdempotencyKey">As the header Idempotency-Key, for items of a batch; not together with the header.</param>
    internal sealed record Request(
        RawJson Payload,
        [property: DefaultValue(QueueName.Default), RegularExpression(QueueName.Pattern)] string? Queue = null,
        [property: Range(0, Limits.MaxDelayMs)] long? DelayMs = null,
        DateTimeOffset? RunAt = null,
        [property: DefaultValue(Limits.DefaultPriority), Range(Limits.MinPriority, Limits.MaxPriority)] int? Priority = null,
        [property: DefaultValue(Limits.DefaultMaxAttempts), Range(1, Limits.MaxAttempts)] int? MaxAttempts = null,
        [property: Range(Limits.MinLeaseMs, Limits.MaxLeaseMs)] int? LeaseMs = null,
        Backoff? Backoff = null,
        Dictionary<string, string>? Metadata = null,
        [property: MaxLength(Limits.MaxKeyLength)] string? IdempotencyKey = null) : IJobFields;

    internal sealed class Validator : JobFieldsValidator<Request>
    {
        public Validator()
        {
            RuleFor(r => r.Queue).Must(queue => new QueueName(queue!).IsValid).When(r => r.Queue is not null).WithMessage(QueueName.Rule);
            RuleFor(r => r.IdempotencyKey).Must(key => IsKey(key!)).When(r => r.IdempotencyKey is not null).WithMessage(KeyRule);
        }
    }

    private static async Task<Results<Created<Job>, ProblemHttpResult>> HandleAsync(
        JsonBody<Request> body,
        [FromHeader(Name = KeyHeader)] string? idempotencyKey,
        JobStore store, IOptions<LimitOptions> limits, HttpContext http)
    {
        // An empty header is bound as none; here it is a mistake that would cost its sender the protection that it asks for.
        idempotencyKey ??= http.Request.Headers.ContainsKey(KeyHeader) ? "" : null;
        if (idempotencyKey is not null && !IsKey(idempotencyKey))
        {
            return Problems.Invalid(KeyHeader, KeyRule);
        }

        if (idempotencyKey is not null && body.Value.IdempotencyKey is not null)
        {
            return Problems.Invalid("idempotencyKey", $"cannot be given together with the header {KeyHeader}");
        }

        if (LimitPayload(body.Value.Payload, limits.Value) is { } tooLarge)
        {
            return tooLarge;
        }

        var job = NewJob(body.Value, body.Utf8, idempotencyKey, Traceparent.Of(http.Request));
        var scheduled = await store.ScheduleAsync(job);
        if (scheduled.Outcome == ScheduleOutcome.KeyReused)
        {
            return Problems.IdempotencyKeyReused();
        }

        if (scheduled.Outcome == ScheduleOutcome.Replayed)
        {
            http.Response.Headers["Idempotency-Replayed"] = "true";
        }

        return TypedResults.Created($"/jobs/{scheduled.Id}", Answer(body.Value, job, scheduled));
    }

    public static ProblemHttpResult? LimitPayload(RawJson payload, LimitOptions limits) => payload.Utf8.Length <= limits.PayloadBytes
        ? null
        : Problems.PayloadTooLarge($"The payload has {payload.Utf8.Length} bytes; at most {limits.PayloadBytes} are taken.");

    private static readonly string KeyRule = $"must be 1 to {Limits.MaxKeyLength} printable ASCII characters";

    private static bool IsKey(string key) => key.Length is > 0 and <= Limits.MaxKeyLength && key.All(c => c is >= ' ' and <= '~');

    /// <param name="request">What was asked for; checked.</param>
    /// <param name="body">The same as it was sent: a whole body, or an item of a batch.</param>
    public static NewJob NewJob(Request request, ReadOnlyMemory<byte> body, string? idempotencyKey, string? traceparent)
    {
        idempotencyKey ??= request.IdempotencyKey;
        var queue = new QueueName(request.Queue ?? QueueName.Default);
        return new NewJob(
            queue,
            request.Priority ?? Limits.DefaultPriority,
            request.DelayMs ?? 0,
            request.RunAt,
            request.MaxAttempts ?? Limits.DefaultMaxAttempts,
            request.LeaseMs,
            JobRecord.EncodeBody(queue.Stored, request.Backoff, request.Metadata, traceparent, request.Payload),
            idempotencyKey,
            idempotencyKey is null ? [] : SHA256.HashData(body.Span)[..16]);
    }

    /// <summary>The job as it was made, also where it has moved on since: the same request always gets the same answer.</summary>
    public static Job Answer(Request request, NewJob job, Scheduled scheduled) => new(
        scheduled.Id.Text, job.Queue.Text, scheduled.RunAt > scheduled.EnqueuedAt ? JobState.Scheduled : JobState.Ready, job.Priority, request.Payload,
        scheduled.RunAt, scheduled.EnqueuedAt, Attempt: 0, job.MaxAttempts, request.LeaseMs,
        request.Backoff is { } backoff ? Backoff.FromStored(backoff.ToStored()) : null, request.Metadata is { Count: > 0 } ? request.Metadata : null);
}
