using System.Text;
using DelayQueueApi.Http;

namespace DelayQueueApi.Jobs;

/// <summary>Why an attempt failed, in the worker's words.</summary>
/// <param name="Message">What went wrong.</param>
/// <param name="Type">Kind of error, for grouping.</param>
internal sealed record JobError(string? Message = null, string? Type = null)
{
    public static readonly string TypeRule = $"must have at most {Limits.MaxErrorTypeLength} bytes, and no NUL";

    public static bool IsType(string text) => Encoding.UTF8.GetByteCount(text) <= Limits.MaxErrorTypeLength && !text.Contains('\0');

    public byte[] Encode() => Encoding.UTF8.GetBytes($"{Type}\0{Message}");

    /// <summary>A type as scripts take it to choose jobs by.</summary>
    /// <param name="type">Empty for those whose last error has none; null for all.</param>
    public static string Filter(string? type) => type is null ? "" : $"={type}";

    /// <returns>Null where nothing was said.</returns>
    public static JobError? Decode(ReadOnlySpan<byte> stored)
    {
        // Where it was cut to be kept, the type alone may be left.
        var end = stored.IndexOf((byte)0) is var at and >= 0 ? at : stored.Length;
        var (type, message) = (Encoding.UTF8.GetString(stored[..end]), end < stored.Length ? Encoding.UTF8.GetString(stored[(end + 1)..]) : "");
        return type.Length + message.Length == 0 ? null : new JobError(message.Length == 0 ? null : message, type.Length == 0 ? null : type);
    }
}
