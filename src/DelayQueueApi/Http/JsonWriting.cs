using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DelayQueueApi.Http;

/// <summary>What answers write themselves with (<see cref="IWritesItself"/>). What is null is left out.</summary>
internal static class JsonWriting
{
    public static void WriteInstant(this Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset? value)
    {
        if (value is { } instant)
        {
            json.WritePropertyName(name);
            InstantConverter.Write(json, instant);
        }
    }

    public static void WriteState<TEnum>(this Utf8JsonWriter json, ReadOnlySpan<byte> name, TEnum? value)
        where TEnum : struct, Enum
    {
        if (value is { } state)
        {
            json.WriteString(name, KebabCaseEnum<TEnum>.TextOf(state));
        }
    }

    public static void WriteRaw(this Utf8JsonWriter json, ReadOnlySpan<byte> name, RawJson? value)
    {
        if (value is { } raw)
        {
            json.WritePropertyName(name);
            json.WriteRawValue(raw.Utf8.Span, skipInputValidation: true);
        }
    }

    public static void WriteText(this Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    public static void WriteMaybe(this Utf8JsonWriter json, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    public static void WriteMaybe(this Utf8JsonWriter json, ReadOnlySpan<byte> name, bool? value)
    {
        if (value is { } flag)
        {
            json.WriteBoolean(name, flag);
        }
    }

    /// <summary>By the serializer.</summary>
    public static void WriteOther<T>(this Utf8JsonWriter json, ReadOnlySpan<byte> name, T? value, JsonTypeInfo<T> type)
        where T : class
    {
        if (value is not null)
        {
            json.WritePropertyName(name);
            JsonSerializer.Serialize(json, value, type);
        }
    }

    public static void WriteAll<T>(this Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<T> values)
        where T : IWritesItself
    {
        json.WriteStartArray(name);
        for (var i = 0; i < values.Count; i++)
        {
            values[i].WriteTo(json);
        }

        json.WriteEndArray();
    }
}
