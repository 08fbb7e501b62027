using System.Text.Json;
using System.Text.Json.Serialization;

namespace DelayQueueApi.Http;

/// <summary>Enums travel as strings such as fsync-always, never as numbers.</summary>
internal sealed class KebabCaseEnum<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where TEnum : struct, Enum
{
    private static readonly Dictionary<TEnum, JsonEncodedText> Texts =
        Enum.GetValues<TEnum>().ToDictionary(value => value, value => JsonEncodedText.Encode(JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString())));

    public static JsonEncodedText TextOf(TEnum value) => Texts[value];
}
