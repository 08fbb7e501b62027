using System.Diagnostics;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;

namespace DelayQueueApi.Telemetry;

/// <summary>
/// The spans that the service adds to a request's: what is sent, received or settled, named after OpenTelemetry's conventions for messaging, and the
/// scripts it takes. There are none, and they cost nothing, where nobody listens or the request is not sampled.
/// </summary>
internal static class Spans
{
    /// <summary>The name of the source.</summary>
    public const string Source = "DelayQueueApi";

    private static readonly ActivitySource Activities = new(Source);

    /// <summary>Jobs that are to be made.</summary>
    public static Activity? Send(QueueName queue, int jobs = 1) => Sampled is null ? null : Start(ActivityKind.Producer, "send", "send", queue.Short, jobs);

    /// <summary>A claim, with the time that it waits.</summary>
    public static Activity? Receive(IReadOnlyList<QueueName> queues) =>
        Sampled is null ? null : Start(ActivityKind.Client, "receive", "receive", string.Join(',', queues.Select(queue => queue.Short)));

    /// <summary>What the claim got, with a link to the producer of each.</summary>
    public static void Received(this Activity? span, IReadOnlyList<JobRecord> jobs)
    {
        if (span is null)
        {
            return;
        }

        span.SetTag("messaging.batch.message_count", jobs.Count);
        foreach (var job in jobs)
        {
            span.LinkTo(job.Traceparent);
        }
    }

    /// <param name="call">ack, nack or release.</param>
    public static Activity? Settle(string call, QueueName queue, JobId job) =>
        Sampled is null ? null : Start(ActivityKind.Client, call, "settle", queue.Short)?.SetTag("messaging.message.id", job.Text);

    /// <summary>Acks and nacks of many jobs.</summary>
    public static Activity? SettleMany(int jobs) => Sampled is null ? null
        : Activities.StartActivity("settle", ActivityKind.Client)?.SetTag("messaging.system", "delayqueue").SetTag("messaging.operation.name", "settle")
            .SetTag("messaging.operation.type", "settle").SetTag("messaging.batch.message_count", jobs);

    /// <param name="script">Its name.</param>
    /// <param name="sharedBy">How many operations go with it; it belongs to the request of the first of them that is sampled.</param>
    public static Activity? Script(string script, int sharedBy)
    {
        if (Sampled is null)
        {
            return null;
        }

        var span = Activities.StartActivity($"EVALSHA {script}", ActivityKind.Client);
        span?.SetTag("db.system.name", "redis").SetTag("db.operation.name", "EVALSHA").SetTag("db.stored_procedure.name", script);
        return sharedBy > 1 ? span?.SetTag("db.operation.batch.size", sharedBy) : span;
    }

    /// <summary>The span under way, where it is to be recorded and somebody listens to ours.</summary>
    public static Activity? Sampled => Activities.HasListeners() && Activity.Current is { IsAllDataRequested: true } current ? current : null;

    /// <summary>Links a span to that of a job's producer.</summary>
    public static void LinkTo(this Activity? span, string? traceparent)
    {
        if (span is not null && ActivityContext.TryParse(traceparent, null, isRemote: true, out var producer))
        {
            span.AddLink(new ActivityLink(producer));
        }
    }

    public static void Fail(this Activity? span, string kind) => span?.SetTag("error.type", kind).SetStatus(ActivityStatusCode.Error);

    private static Activity? Start(ActivityKind kind, string name, string type, string queue, int jobs = 1)
    {
        var span = Activities.StartActivity($"{name} {queue}", kind);
        span?.SetTag("messaging.system", "delayqueue").SetTag("messaging.operation.name", name).SetTag("messaging.operation.type", type)
            .SetTag("messaging.destination.name", queue);
        return jobs > 1 ? span?.SetTag("messaging.batch.message_count", jobs) : span;
    }
}
