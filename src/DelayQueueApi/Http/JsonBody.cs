using System.Buffers;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FluentValidation;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace DelayQueueApi.Http;

/// <summary>A request's body that may not have been readable.</summary>
internal interface IJsonBody
{
    /// <summary>Why there is no value, or null.</summary>
    public ProblemHttpResult? Problem { get; }

    /// <summary>What the validator of the body's type finds wrong with the value, or null.</summary>
    public ProblemHttpResult? Validate(IServiceProvider services);
}

/// <summary>A request of many items, each read and answered by itself.</summary>
internal interface IBatch;

/// <summary>A request that says nothing where it has no body.</summary>
internal interface IMayBeAbsent;

/// <summary>
/// A request that comes thousands of times a second, and reads itself where it says only what most do: that takes less time than the
/// serializer does, and its rules need not be asked (docs/performance.md).
/// </summary>
internal interface IMayBePlain<T>
    where T : class
{
    /// <param name="json">In the body's object.</param>
    /// <param name="body">All of it.</param>
    /// <returns>What the serializer would have read, and every rule of its validator holds; null where that is to be found out by them.</returns>
    public static abstract T? ReadPlain(ref Utf8JsonReader json, ReadOnlyMemory<byte> body);
}

/// <summary>
/// A request's body, read whole and strictly. <see cref="ApiConventions"/> answers <see cref="Problem"/> before a handler runs,
/// so that handlers always find a value.
/// </summary>
internal sealed record JsonBody<T>(T Value, ReadOnlyMemory<byte> Utf8, ProblemHttpResult? Problem = null) : IJsonBody, IEndpointParameterMetadataProvider
    where T : class
{
    private static readonly bool IsBatch = typeof(T).IsAssignableTo(typeof(IBatch));
    private static readonly bool MayBeAbsent = typeof(T).IsAssignableTo(typeof(IMayBeAbsent));
    private static readonly JsonTypeInfo<T> Type = (JsonTypeInfo<T>)WireJson.Default.GetTypeInfo(typeof(T))!;
    private static readonly PlainReader? ReadPlain =
        typeof(T).IsAssignableTo(typeof(IMayBePlain<T>)) ? typeof(T).GetMethod(nameof(ReadPlain))!.CreateDelegate<PlainReader>() : null;

    private delegate T? PlainReader(ref Utf8JsonReader json, ReadOnlyMemory<byte> body);

    /// <summary>True where it has read itself, and so is valid.</summary>
    public bool IsPlain { get; private init; }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T), MayBeAbsent));

    public static ValueTask<JsonBody<T>> BindAsync(HttpContext http, ParameterInfo _) => ReadAsync(http, LimitIn(http.RequestServices));

    /// <summary>The most bytes that a body of this type may have.</summary>
    public static int LimitIn(IServiceProvider services)
    {
        var limits = services.GetRequiredService<IOptions<LimitOptions>>().Value;
        return IsBatch ? limits.BatchBytes : limits.BodyBytes;
    }

    public static async ValueTask<JsonBody<T>> ReadAsync(HttpContext http, int limit)
    {
        if (MayBeAbsent && http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == false)
        {
            return new(JsonSerializer.Deserialize("{}", Type)!, default);
        }

        if (!IsUtf8Json(http.Request.ContentType))
        {
            return Refuse(Problems.UnsupportedMediaType());
        }

        // So that the server reads no further either, when it is done with the request.
        if (IsBatch && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server)
        {
            server.MaxRequestBodySize = limit + 1;
        }

        ReadOnlyMemory<byte> body;
        ProblemHttpResult? problem;
        try
        {
            (body, problem) = await ReadBytesAsync(http, limit);
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Refuse(TooLarge(limit));
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status408RequestTimeout)
        {
            return Refuse(Problems.TooSlow());
        }
        catch (IOException) when (!http.RequestAborted.IsCancellationRequested)
        {
            return Refuse(Problems.Invalid("$", "cannot be read to its end"));
        }

        return problem is not null ? Refuse(problem) : System.Text.Unicode.Utf8.IsValid(body.Span) ? Read(body) : Refuse(Problems.Invalid("$", "is not UTF-8"));
    }

    /// <param name="utf8">A whole body, or an item of one.</param>
    public static JsonBody<T> Read(ReadOnlyMemory<byte> utf8)
    {
        if (TryReadPlain(utf8) is { } plain)
        {
            return new(plain, utf8) { IsPlain = true };
        }

        try
        {
            return RawJson.Read(utf8, Type) is { } value ? new(value, utf8) : Refuse(Problems.Invalid("$", "must be an object, not null"));
        }
        catch (JsonException error)
        {
            var (field, message) = JsonFault.Explain(error, Type);
            return Refuse(Problems.Invalid(field, message));
        }
    }

    public ProblemHttpResult? Validate(IServiceProvider services) => Validate(services.GetService<IValidator<T>>());

    public ProblemHttpResult? Validate(IValidator<T>? validator) =>
        !IsPlain && validator?.Validate(Value) is { IsValid: false } result ? Problems.Invalid(result.ToDictionary()) : null;

    private static T? TryReadPlain(ReadOnlyMemory<byte> utf8)
    {
        if (ReadPlain is null)
        {
            return null;
        }

        try
        {
            var json = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = Type.Options.MaxDepth });
            return json.Read() && json.TokenType == JsonTokenType.StartObject && ReadPlain(ref json, utf8) is { } value && !json.Read() ? value : null;
        }
        catch (JsonException)
        {
            // The serializer tells what is wrong, and where.
            return null;
        }
    }

    private static JsonBody<T> Refuse(ProblemHttpResult problem) => new(null!, default, problem);

    private static bool IsUtf8Json(string? contentType) =>
        contentType == "application/json"
        || (MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Encoding is UTF8Encoding));

    private static ProblemHttpResult TooLarge(int limit) => Problems.PayloadTooLarge($"At most {limit} bytes of body are taken.");

    /// <returns>The body in memory of its own, or why it is not taken.</returns>
    private static async ValueTask<(ReadOnlyMemory<byte> Body, ProblemHttpResult? Problem)> ReadBytesAsync(HttpContext http, int limit)
    {
        var request = http.Request;
        if (request.ContentLength > limit)
        {
            return (default, TooLarge(limit));
        }

        var share = request.ContentLength <= BodyMemory.Free ? null : BodyMemory.Of(http);
        var reader = request.BodyReader;
        while (true)
        {
            // It ends with the connection, so that there is no need for a token, which costs a source of it.
            var read = await reader.ReadAsync(CancellationToken.None);
            if (read.Buffer.Length > limit)
            {
                reader.AdvanceTo(read.Buffer.End);
                return (default, TooLarge(limit));
            }

            if (share?.TryHold(read.Buffer.Length) == false)
            {
                reader.AdvanceTo(read.Buffer.End);
                return (default, Problems.Overloaded());
            }

            if (read.IsCompleted || read.Buffer.Length == request.ContentLength)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return (body, null);
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}

/// <summary>Says what is wrong with a body in the caller's words: the JSON field, and what it must be.</summary>
internal static class JsonFault
{
    public static (string Field, string Message) Explain(JsonException error, JsonTypeInfo type)
    {
        var field = error.Path is { Length: > 2 } path ? path[2..] : "$";
        var text = error.Message;
        if (text.StartsWith("must ", StringComparison.Ordinal) || text.StartsWith("holds ", StringComparison.Ordinal))
        {
            return (field, text.Split(" Path:")[0]);
        }

        if (text.Contains("could not be mapped", StringComparison.Ordinal))
        {
            return (Quoted(text) ?? field, "is not a known field");
        }

        if (text.Contains("Duplicate property", StringComparison.Ordinal))
        {
            return (Quoted(text) ?? field, "stands there twice");
        }

        if (text.Contains("missing required", StringComparison.Ordinal))
        {
            var missing = text[(text.LastIndexOf(':') + 1)..].Trim(' ', '.').Split(',', StringSplitOptions.TrimEntries)[0].Trim('\'');
            return (field == "$" ? missing : $"{field}.{missing}", "is required");
        }

        if (text.Contains("maximum configured depth", StringComparison.Ordinal) || error.InnerException?.Message.Contains("maximum configured depth", StringComparison.Ordinal) == true)
        {
            return ("$", $"is nested more than {type.Options.MaxDepth} levels deep");
        }

        return error.InnerException is JsonException
            ? ("$", $"is not JSON: see line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}")
            : (field, Expected(field, type));
    }

    private static string? Quoted(string text) => text.Split('\'') is [_, var name, ..] ? name : null;

    private static string Expected(string field, JsonTypeInfo type)
    {
        if (field == "$")
        {
            return "must be an object";
        }

        var property = TypeAt(field.Split('.'), type);
        return property switch
        {
            null => "is not of the kind that is asked for",
            _ when property == typeof(int) || property == typeof(long) => "must be a whole number, not in quotes and not too large",
            _ when property == typeof(double) => "must be a number, not in quotes",
            _ when property == typeof(string) => "must be a string",
            _ when property == typeof(bool) => "must be true or false",
            _ when property.IsEnum => $"must be one of {string.Join(", ", Enum.GetNames(property).Select(JsonNamingPolicy.KebabCaseLower.ConvertName))}",
            _ when property.IsArray => "must be an array",
            _ => "must be an object",
        };
    }

    /// <summary>The type that the field at the end of a path asks for, or null where the path leaves the known types.</summary>
    private static Type? TypeAt(string[] path, JsonTypeInfo? type)
    {
        Type? found = null;
        foreach (var name in path)
        {
            found = type?.ElementType ?? type?.Properties.FirstOrDefault(property => property.Name == name)?.PropertyType;
            found = found is null ? null : Nullable.GetUnderlyingType(found) ?? found;
            type = found is null ? null : WireJson.Default.GetTypeInfo(found);
        }

        return found;
    }
}
