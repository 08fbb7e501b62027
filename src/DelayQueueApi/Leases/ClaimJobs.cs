using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Text.Json;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using DelayQueueApi.Security;
using DelayQueueApi.Telemetry;
using FluentValidation;

namespace DelayQueueApi.Leases;

/// <summary>POST /jobs/claim</summary>
internal static class ClaimJobs
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder jobs)
    {
        var claims = jobs.ServiceProvider.GetRequiredService<WaitingClaims>();
        var quota = jobs.ServiceProvider.GetRequiredService<WaitingQuota>();
        return jobs.MapHotPost<Request>("/claim", HandleAsync, (http, caller, body) => HandleAsync(body, caller, claims, quota, http.RequestAborted))
            .Needs(Scope.Consume)
            .WithName("ClaimJobs")
            .WithSummary("Lease due jobs to a worker")
            .WithDescription("Answers 200 with an array, empty where nothing became due within waitMs. A job comes with a lease: " +
                "its token goes into ack, nack, extend and release; its fence grows from lease to lease, for your own database to compare.")
            .WithExample("""{ "queues": ["default"], "limit": 1, "leaseMs": 30000, "waitMs": 10000, "worker": "swagger" }""")
            .Produces<Response>()
            .ProducesProblems(StatusCodes.Status429TooManyRequests);
    }

    /// <summary>What a worker asks for.</summary>
    /// <param name="Queues">Queues in the order to serve them; the queue default where none is named.</param>
    /// <param name="Limit">At most so many jobs.</param>
    /// <param name="LeaseMs">How long to hold them; where nothing is said the job's own lease, the queue's, or 30 s.</param>
    /// <param name="WaitMs">Wait so long for a job to become due.</param>
    /// <param name="Worker">Who asks, for people to read.</param>
    /// <param name="ClaimId">A name that the worker makes up for this claim. The same one again, as after a lost answer, gets the same jobs and tokens while they are leased.</param>
    internal sealed record Request(
        string[]? Queues = null,
        [property: DefaultValue(1), Range(1, Limits.MaxClaim)] int? Limit = null,
        [property: Range(Limits.MinLeaseMs, Limits.MaxLeaseMs)] int? LeaseMs = null,
        [property: DefaultValue(0), Range(0, Limits.MaxWaitMs)] int? WaitMs = null,
        [property: MaxLength(Limits.MaxWorkerLength)] string? Worker = null,
        [property: MaxLength(Limits.MaxClaimIdLength)] string? ClaimId = null) : IMayBePlain<Request>
    {
        /// <summary>Most workers ask one queue for jobs.</summary>
        public static Request? ReadPlain(ref Utf8JsonReader json, ReadOnlyMemory<byte> body)
        {
            string? queue = null;
            int? limit = null, leaseMs = null, waitMs = null;
            while (json.NextField())
            {
                var isPlain = queue is null && json.Is("queues"u8) ? (queue = ReadSingle(ref json)) is not null && new QueueName(queue).IsValid
                    : limit is null && json.Is("limit"u8) ? (limit = json.ReadNumber(1, Limits.MaxClaim)) is not null
                    : leaseMs is null && json.Is("leaseMs"u8) ? (leaseMs = json.ReadNumber(Limits.MinLeaseMs, Limits.MaxLeaseMs)) is not null
                    : waitMs is null && json.Is("waitMs"u8) && (waitMs = json.ReadNumber(0, Limits.MaxWaitMs)) is not null;
                if (!isPlain)
                {
                    return null;
                }
            }

            return new Request(queue is null ? null : [queue], limit, leaseMs, waitMs);
        }

        /// <returns>The text in an array that has no other.</returns>
        private static string? ReadSingle(ref Utf8JsonReader json) =>
            json.Read() && json.TokenType == JsonTokenType.StartArray && json.ReadText() is { } text && json.Read() && json.TokenType == JsonTokenType.EndArray ? text : null;
    }

    /// <param name="Jobs">The jobs, best first.</param>
    internal sealed record Response(IReadOnlyList<ClaimedJob> Jobs) : IWritesItself
    {
        public void WriteTo(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteAll("jobs"u8, Jobs);
            json.WriteEndObject();
        }
    }

    /// <summary>A job leased to the caller.</summary>
    /// <param name="Id">The job's id.</param>
    /// <param name="Queue">Where it was put.</param>
    /// <param name="Payload">Byte for byte what the producer sent.</param>
    /// <param name="Priority">0 to 9.</param>
    /// <param name="Attempt">1 for the first try.</param>
    /// <param name="MaxAttempts">The job is dead after so many failed ones.</param>
    /// <param name="EnqueuedAt">When it was made.</param>
    /// <param name="RunAt">When it was to run.</param>
    /// <param name="LateMs">How much later than runAt it was claimed, on the store's clock.</param>
    /// <param name="Lease">What holds it for the caller.</param>
    /// <param name="Metadata">The producer's string pairs.</param>
    /// <param name="Traceparent">The producer's W3C trace context, where it sent one.</param>
    internal sealed record ClaimedJob(
        string Id, string Queue, RawJson Payload, int Priority, int Attempt, int MaxAttempts, DateTimeOffset EnqueuedAt,
        DateTimeOffset RunAt, long LateMs, Lease Lease, Dictionary<string, string>? Metadata = null, string? Traceparent = null) : IWritesItself
    {
        public void WriteTo(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, Id);
            json.WriteString("queue"u8, Queue);
            json.WriteRaw("payload"u8, Payload);
            json.WriteNumber("priority"u8, Priority);
            json.WriteNumber("attempt"u8, Attempt);
            json.WriteNumber("maxAttempts"u8, MaxAttempts);
            json.WriteInstant("enqueuedAt"u8, EnqueuedAt);
            json.WriteInstant("runAt"u8, RunAt);
            json.WriteNumber("lateMs"u8, LateMs);
            json.WriteStartObject("lease"u8);
            json.WriteString("token"u8, Lease.Token);
            json.WriteNumber("fence"u8, Lease.Fence);
            json.WriteInstant("expiresAt"u8, Lease.ExpiresAt);
            json.WriteEndObject();
            json.WriteOther("metadata"u8, Metadata, WireJson.Default.DictionaryStringString);
            json.WriteText("traceparent"u8, Traceparent);
            json.WriteEndObject();
        }
    }

    /// <param name="Token">Opaque; shown on ack, nack, extend and release.</param>
    /// <param name="Fence">Larger than that of any earlier lease of the job.</param>
    /// <param name="ExpiresAt">From this instant on the job may go to another worker.</param>
    internal sealed record Lease(string Token, long Fence, DateTimeOffset ExpiresAt);

    internal sealed class Validator : AbstractValidator<Request>
    {
        public Validator()
        {
            RuleFor(r => r.Queues).Must(queues => queues!.Length is > 0 and <= Limits.MaxQueuesPerClaim && queues.Distinct().Count() == queues.Length)
                .When(r => r.Queues is not null).WithMessage($"must name 1 to {Limits.MaxQueuesPerClaim} queues, each once");
            RuleForEach(r => r.Queues).Must(queue => new QueueName(queue).IsValid).WithMessage(QueueName.Rule);
            RuleFor(r => r.Limit).InclusiveBetween(1, Limits.MaxClaim).WithMessage(Limits.Between(1, Limits.MaxClaim));
            RuleFor(r => r.LeaseMs).InclusiveBetween(Limits.MinLeaseMs, Limits.MaxLeaseMs)
                .WithMessage(Limits.Between(Limits.MinLeaseMs, Limits.MaxLeaseMs));
            RuleFor(r => r.WaitMs).InclusiveBetween(0, Limits.MaxWaitMs).WithMessage(Limits.Between(0, Limits.MaxWaitMs));
            RuleFor(r => r.Worker).Must(worker => System.Text.Encoding.UTF8.GetByteCount(worker!) <= Limits.MaxWorkerLength)
                .When(r => r.Worker is not null).WithMessage($"must have at most {Limits.MaxWorkerLength} bytes");
            RuleFor(r => r.ClaimId).Must(id => id!.Length is > 0 and <= Limits.MaxClaimIdLength && id.All(c => c is > ' ' and <= '~'))
                .When(r => r.ClaimId is not null).WithMessage($"must be 1 to {Limits.MaxClaimIdLength} printable ASCII characters without spaces");
        }
    }

    private static async Task<IResult> HandleAsync(JsonBody<Request> body, Caller caller, WaitingClaims claims, WaitingQuota quota, CancellationToken client)
    {
        var request = body.Value;
        var claim = new Claim(
            caller.QueuesNamed(request.Queues),
            request.Limit ?? 1, request.LeaseMs, request.Worker, request.ClaimId is { } id ? caller.Own(id) : null);
        if (!caller.SeesAll && !claim.Queues.All(caller.Sees))
        {
            return Problems.Forbidden();
        }

        using var span = Spans.Receive(claim.Queues);
        if (request.WaitMs is null or 0)
        {
            return Answer(await claims.ClaimAsync(claim, TimeSpan.Zero, client), span);
        }

        if (!quota.TryEnter(caller))
        {
            return Problems.TooManyWaiting();
        }

        try
        {
            return Answer(await claims.ClaimAsync(claim, TimeSpan.FromMilliseconds(request.WaitMs.Value), client), span);
        }
        finally
        {
            quota.Leave(caller);
        }
    }

    private static Answer<Response> Answer(Claimed claimed, Activity? span)
    {
        span.Received(claimed.Jobs);
        return new(StatusCodes.Status200OK, new Response([.. claimed.Jobs.Select(job => Answer(job, claimed.Now.ToUnixTimeMilliseconds()))]));
    }

    /// <summary>The fence is the instant of the claim, also where this answers a repeat; it is later only where the one before was no earlier.</summary>
    private static ClaimedJob Answer(JobRecord job, long now) => new(
        job.Id.Text, job.Queue.Text, job.Payload, job.Priority, job.Attempt, job.MaxAttempts, job.EnqueuedAt, job.RunAt,
        Math.Min(job.Fence, now) - job.RunAt.ToUnixTimeMilliseconds(), new Lease(new LeaseToken(job.Lease, job.Queue).ToString(), job.Fence, job.At),
        job.Metadata, job.Traceparent);
}

/// <param name="Queues">In the order to serve them.</param>
/// <param name="LeaseMs">Null for the job's own.</param>
/// <param name="Id">The worker's name for it, null for none.</param>
internal sealed record Claim(IReadOnlyList<QueueName> Queues, int Limit, int? LeaseMs, string? Worker, string? Id = null)
{
    /// <summary>
    /// What it adds to a call of a hundred jobs: looking into a queue costs as much as leasing a job, but those that the claim before it names
    /// are looked into for both.
    /// </summary>
    public int Weight(Claim? before) => Queues.Count <= Limit || (before is not null && Queues.SequenceEqual(before.Queues)) ? Limit : Queues.Count;

    /// <summary>Whether it is itself, or asks for the same.</summary>
    public bool IsLike(Claim other) => ReferenceEquals(this, other)
        || (Id is null && other.Id is null && Limit == other.Limit && LeaseMs == other.LeaseMs && Worker == other.Worker && Queues.SequenceEqual(other.Queues));
}

/// <param name="Now">The clock of the store when it answered; of several partitions the latest.</param>
internal sealed record Claimed(IReadOnlyList<JobRecord> Jobs, DateTimeOffset Now);
