using System.Text.Json;
using System.Text.Json.Serialization;

namespace DelayQueueApi.Faults.Clients;

/// <summary>What tests read of the service's answers, apart from the service's own types: a client in another language has none either.</summary>
internal sealed record Job(
    string Id, string Queue, string State, [property: JsonConverter(typeof(RawText))] string Payload, DateTimeOffset RunAt, DateTimeOffset EnqueuedAt,
    int Attempt, int MaxAttempts, int Priority = 4, JobLease? Lease = null, Failures? Failures = null);

internal sealed record JobLease(long Fence);

internal sealed record Failures(int Nacked, int Expired, int Released);

internal sealed record ClaimAnswer(ClaimedJob[] Jobs);

internal sealed record ClaimedJob(
    string Id, string Queue, [property: JsonConverter(typeof(RawText))] string Payload, int Attempt, int MaxAttempts, DateTimeOffset RunAt, long LateMs,
    Lease Lease);

internal sealed record Lease(string Token, long Fence, DateTimeOffset ExpiresAt);

/// <param name="RunAt">Of a nack: the next try.</param>
/// <param name="ExpiresAt">Of an extend.</param>
/// <param name="Then">Of an ack: the follow-ups' ids.</param>
internal sealed record SettleAnswer(string? State = null, DateTimeOffset? RunAt = null, DateTimeOffset? ExpiresAt = null, string[]? Then = null);

internal sealed record Queue(long Scheduled, long Ready, long Leased, long Dead, Totals Totals)
{
    public long Unfinished => Scheduled + Ready + Leased;

    /// <summary>What must be the number of jobs made.</summary>
    public long AddedUp => Unfinished + Dead + Totals.Acked + Totals.Cancelled + Totals.Expired + Totals.Purged;
}

internal sealed record Totals(
    long Created, long Claimed, long Acked, long Nacked, long LeasesExpired, long Released, long Cancelled, long Died, long Expired = 0, long Purged = 0);

internal sealed record Page(Job[] Jobs, string? Next = null);

internal sealed record FsckAnswer(long Jobs, long Queues, long Found, long Left, FoundFault[] Faults);

internal sealed record FoundFault(string Kind, long Count, string[] Examples);

internal sealed record Info(StoreInfo Store);

internal sealed record StoreInfo(string Durability, string[] Warnings);

internal sealed record Ready(string Status, StoreInfo Store, string[] Warnings);

internal sealed record Problem(string Type, string Detail, string? Applied = null);

/// <summary>A JSON value as the text that was sent.</summary>
internal sealed class RawText : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var value = JsonDocument.ParseValue(ref reader);
        return value.RootElement.GetRawText();
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteRawValue(value);
}
