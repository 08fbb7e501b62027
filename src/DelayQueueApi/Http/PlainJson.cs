using System.Text.Json;

namespace DelayQueueApi.Http;

/// <summary>What requests read themselves with (<see cref="IMayBePlain{T}"/>). What is not like most is null: it is read anew by the serializer.</summary>
internal static class PlainJson
{
    /// <returns>Whether the object goes on, with a name.</returns>
    public static bool NextField(this ref Utf8JsonReader json) => json.Read() && json.TokenType == JsonTokenType.PropertyName;

    /// <returns>Whether the field has a name, which stands there without escapes.</returns>
    public static bool Is(this ref Utf8JsonReader json, ReadOnlySpan<byte> name) => json.ValueSpan.SequenceEqual(name);

    /// <summary>The value of the field: a text without escapes.</summary>
    public static string? ReadText(this ref Utf8JsonReader json) =>
        json.Read() && json.TokenType == JsonTokenType.String && !json.ValueIsEscaped ? json.GetString() : null;

    /// <summary>The value of the field: a whole number between bounds.</summary>
    public static int? ReadNumber(this ref Utf8JsonReader json, int least, int most) => (int?)json.ReadNumber((long)least, most);

    /// <inheritdoc cref="ReadNumber(ref Utf8JsonReader, int, int)"/>
    public static long? ReadNumber(this ref Utf8JsonReader json, long least, long most) =>
        json.Read() && json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number) && number >= least && number <= most ? number : null;

    /// <summary>The value of the field, whatever it is.</summary>
    public static RawJson ReadRaw(this ref Utf8JsonReader json, ReadOnlyMemory<byte> body)
    {
        json.Read();
        return RawJson.Read(ref json, body);
    }
}
