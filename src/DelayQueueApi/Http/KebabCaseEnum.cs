using System.Text.Json;
using System.Text.Json.Serialization;

namespace DelayQueueApi.Http;

/// <summary>Enums travel as strings such as fsync-always, never as numbers.</summary>
internal sealed class KebabCaseEnum<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where TEnum : struct, Enum;
