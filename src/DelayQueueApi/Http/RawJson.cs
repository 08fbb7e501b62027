using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DelayQueueApi.Http;

/// <summary>A JSON value kept byte for byte: a slice of the body it came in, or of the record it is stored in.</summary>
[JsonConverter(typeof(RawJsonConverter))]
internal readonly record struct RawJson(ReadOnlyMemory<byte> Utf8)
{
    /// <summary>The body that this thread is reading, so that the converter can slice it. Reading a body is synchronous.</summary>
    [ThreadStatic]
    private static ReadOnlyMemory<byte> source;

    /// <summary>Reads a whole body; the RawJson values in the result are slices of it.</summary>
    /// <exception cref="JsonException">The body is not the JSON that the type asks for.</exception>
    public static T? Read<T>(ReadOnlyMemory<byte> body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        source = body;
        try
        {
            return JsonSerializer.Deserialize(body.Span, type);
        }
        finally
        {
            source = default;
        }
    }

    /// <param name="reader">At the value's first token; at its last one afterwards.</param>
    /// <param name="body">What it reads.</param>
    /// <exception cref="JsonException">There is no JSON, or text that is none.</exception>
    public static RawJson Read(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        var start = (int)reader.TokenStartIndex;
        var depth = reader.CurrentDepth;
        CheckText(ref reader);
        while (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray || reader.CurrentDepth > depth)
        {
            reader.Read();
            CheckText(ref reader);
            if (reader.CurrentDepth == depth)
            {
                break;
            }
        }

        return new RawJson(body[start..(int)reader.BytesConsumed]);
    }

    /// <summary>The reader checks no text that nobody asks for; half a surrogate pair would break every reader downstream.</summary>
    private static void CheckText(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped)
        {
            return;
        }

        var text = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            reader.CopyString(text);
        }
        catch (InvalidOperationException error)
        {
            throw new JsonException("holds half of a surrogate pair", error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    internal sealed class RawJsonConverter : JsonConverter<RawJson>
    {
        public override bool HandleNull => true;

        public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => RawJson.Read(ref reader, source);

        public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
    }
}
