using System.Text.Json;
using System.Text.Json.Serialization;

namespace DelayQueueApi.Http;

/// <summary>Enums travel as camel-case strings, never as numbers.</summary>
internal sealed class CamelCaseEnum<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where TEnum : struct, Enum;
