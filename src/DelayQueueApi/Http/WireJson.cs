using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using DelayQueueApi.Admin;
using DelayQueueApi.Events;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Queues;
using DelayQueueApi.Schedules;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Mvc;

namespace DelayQueueApi.Http;

/// <summary>Everything that travels as JSON. Strict on the way in: no unknown or duplicate fields, no numbers in strings.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 32,
    Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, string[]>))]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(HttpValidationProblemDetails))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(ListJobs.Response), TypeInfoPropertyName = "ListJobsResponse")]
[JsonSerializable(typeof(ScheduleJob.Request), TypeInfoPropertyName = "ScheduleJobRequest")]
[JsonSerializable(typeof(ScheduleJobs.Request), TypeInfoPropertyName = "ScheduleJobsRequest")]
[JsonSerializable(typeof(ScheduleJobs.Response), TypeInfoPropertyName = "ScheduleJobsResponse")]
[JsonSerializable(typeof(ScheduleJobs.Result), TypeInfoPropertyName = "ScheduleJobsResult")]
[JsonSerializable(typeof(IReadOnlyList<ScheduleJobs.Result>), TypeInfoPropertyName = "ScheduleJobsResults")]
[JsonSerializable(typeof(ExplainJob.Response), TypeInfoPropertyName = "ExplainJobResponse")]
[JsonSerializable(typeof(UpdateJob.Request), TypeInfoPropertyName = "UpdateJobRequest")]
[JsonSerializable(typeof(SettleJobs.Request), TypeInfoPropertyName = "SettleJobsRequest")]
[JsonSerializable(typeof(SettleJobs.Ack), TypeInfoPropertyName = "SettleJobsAck")]
[JsonSerializable(typeof(SettleJobs.Nack), TypeInfoPropertyName = "SettleJobsNack")]
[JsonSerializable(typeof(SettleJobs.Response), TypeInfoPropertyName = "SettleJobsResponse")]
[JsonSerializable(typeof(SettleJobs.Result), TypeInfoPropertyName = "SettleJobsResult")]
[JsonSerializable(typeof(IReadOnlyList<SettleJobs.Result>), TypeInfoPropertyName = "SettleJobsResults")]
[JsonSerializable(typeof(ClaimJobs.Request), TypeInfoPropertyName = "ClaimJobsRequest")]
[JsonSerializable(typeof(ClaimJobs.Response), TypeInfoPropertyName = "ClaimJobsResponse")]
[JsonSerializable(typeof(AckJob.Request), TypeInfoPropertyName = "AckJobRequest")]
[JsonSerializable(typeof(AckJob.Response), TypeInfoPropertyName = "AckJobResponse")]
[JsonSerializable(typeof(NackJob.Request), TypeInfoPropertyName = "NackJobRequest")]
[JsonSerializable(typeof(NackJob.Response), TypeInfoPropertyName = "NackJobResponse")]
[JsonSerializable(typeof(ReleaseJob.Request), TypeInfoPropertyName = "ReleaseJobRequest")]
[JsonSerializable(typeof(ExtendLease.Request), TypeInfoPropertyName = "ExtendLeaseRequest")]
[JsonSerializable(typeof(ExtendLease.Response), TypeInfoPropertyName = "ExtendLeaseResponse")]
[JsonSerializable(typeof(GetQueue.Response), TypeInfoPropertyName = "GetQueueResponse")]
[JsonSerializable(typeof(PutQueue.Request), TypeInfoPropertyName = "PutQueueRequest")]
[JsonSerializable(typeof(RedriveTask))]
[JsonSerializable(typeof(GroupDeadJobs.Response), TypeInfoPropertyName = "GroupDeadJobsResponse")]
[JsonSerializable(typeof(CountDueJobs.Response), TypeInfoPropertyName = "CountDueJobsResponse")]
[JsonSerializable(typeof(Schedule))]
[JsonSerializable(typeof(PutSchedule.Request), TypeInfoPropertyName = "PutScheduleRequest")]
[JsonSerializable(typeof(ListSchedules.Response), TypeInfoPropertyName = "ListSchedulesResponse")]
[JsonSerializable(typeof(NextInstants.Response), TypeInfoPropertyName = "NextInstantsResponse")]
[JsonSerializable(typeof(ListQueues.Response), TypeInfoPropertyName = "ListQueuesResponse")]
[JsonSerializable(typeof(PurgeQueue.Request), TypeInfoPropertyName = "PurgeQueueRequest")]
[JsonSerializable(typeof(PurgeQueue.Response), TypeInfoPropertyName = "PurgeQueueResponse")]
[JsonSerializable(typeof(RedriveJobs.Request), TypeInfoPropertyName = "RedriveJobsRequest")]
[JsonSerializable(typeof(RedriveJobs.Response), TypeInfoPropertyName = "RedriveJobsResponse")]
[JsonSerializable(typeof(EventData))]
[JsonSerializable(typeof(RunFsck.Request), TypeInfoPropertyName = "RunFsckRequest")]
[JsonSerializable(typeof(RunFsck.Response), TypeInfoPropertyName = "RunFsckResponse")]
[JsonSerializable(typeof(GetInfo.Response), TypeInfoPropertyName = "GetInfoResponse")]
[JsonSerializable(typeof(Health.Response), TypeInfoPropertyName = "HealthResponse")]
[JsonSerializable(typeof(WhoAmI.Response), TypeInfoPropertyName = "WhoAmIResponse")]
internal sealed partial class WireJson : JsonSerializerContext;

/// <summary>Instants: RFC 3339 with an offset in, UTC with milliseconds out. Parts of a millisecond round up, so that nothing runs early.</summary>
internal sealed partial class InstantConverter : JsonConverter<DateTimeOffset>
{
    private const int MillisecondsEnd = 23;
    private const string Rule = "must be an RFC 3339 instant with an offset, such as 2026-01-31T09:00:00Z, before the year 10000";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String
            || reader.GetString() is not { } text
            || !Rfc3339().IsMatch(text)
            || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var instant))
        {
            throw new JsonException(Rule);
        }

        var past = instant.Ticks % TimeSpan.TicksPerMillisecond;
        var room = DateTimeOffset.MaxValue.Ticks - instant.Ticks;
        if (past > 0 && room < TimeSpan.TicksPerMillisecond)
        {
            throw new JsonException(Rule);
        }

        return past == 0 ? instant : instant.AddTicks(TimeSpan.TicksPerMillisecond - past);
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => Write(writer, value);

    public static void Write(Utf8JsonWriter writer, DateTimeOffset value)
    {
        // The standard format has a fast path that others have not; it only tells more digits.
        Span<byte> text = stackalloc byte[28];
        value.UtcDateTime.TryFormat(text, out _, "O", CultureInfo.InvariantCulture);
        text[MillisecondsEnd] = (byte)'Z';
        writer.WriteStringValue(text[..(MillisecondsEnd + 1)]);
    }

    [GeneratedRegex(@"\A\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
