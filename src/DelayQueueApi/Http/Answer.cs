using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DelayQueueApi.Http;

/// <summary>A value as JSON, its length known before the first byte leaves.</summary>
internal sealed class Answer<T>(int status, T value, string? location = null) : IResult
{
    private static readonly JsonTypeInfo<T> Type = (JsonTypeInfo<T>)WireJson.Default.GetTypeInfo(typeof(T))!;

    public int Status => status;

    public T Value => value;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        if (location is not null)
        {
            response.Headers.Location = location;
        }

        var json = JsonText.Of(value, Type);
        response.ContentLength = json.Length;
        response.BodyWriter.Write(json);
        return response.BodyWriter.FlushAsync(CancellationToken.None).AsTask();
    }
}

/// <summary>
/// An answer that is given thousands of times a second, and what it is made of. It writes what the serializer would write, in less time: that one
/// asks each property how to be written, and whether at all (docs/performance.md).
/// </summary>
internal interface IWritesItself
{
    public void WriteTo(Utf8JsonWriter json);
}

/// <summary>204.</summary>
internal sealed class NoAnswer : IResult
{
    public static readonly NoAnswer Instance = new();

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}

/// <summary>Writes JSON into a buffer that this thread uses again and again.</summary>
internal static class JsonText
{
    /// <summary>A buffer that has grown larger is let go.</summary>
    private const int MostKept = 256 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? writer;

    /// <returns>The text; good until the thread writes the next.</returns>
    public static ReadOnlySpan<byte> Of<T>(T value, JsonTypeInfo<T> type)
    {
        if (buffer is null || buffer.Capacity > MostKept)
        {
            buffer = new ArrayBufferWriter<byte>(1024);
            writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true });
        }

        buffer.ResetWrittenCount();
        writer!.Reset(buffer);
        if (value is IWritesItself self)
        {
            self.WriteTo(writer);
        }
        else
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        writer.Flush();
        return buffer.WrittenSpan;
    }
}
