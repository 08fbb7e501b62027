using System.Text;

namespace DelayQueueApi.Jobs;

/// <summary>Why an attempt failed, in the worker's words.</summary>
/// <param name="Message">What went wrong.</param>
/// <param name="Type">Kind of error, for grouping.</param>
internal sealed record JobError(string? Message = null, string? Type = null)
{
    public byte[] Encode() => Encoding.UTF8.GetBytes($"{Type}\0{Message}");

    /// <returns>Null where nothing was said.</returns>
    public static JobError? Decode(ReadOnlySpan<byte> stored)
    {
        // Where it was cut to be kept, the type alone may be left.
        var end = stored.IndexOf((byte)0) is var at and >= 0 ? at : stored.Length;
        var (type, message) = (Encoding.UTF8.GetString(stored[..end]), end < stored.Length ? Encoding.UTF8.GetString(stored[(end + 1)..]) : "");
        return type.Length + message.Length == 0 ? null : new JobError(message.Length == 0 ? null : message, type.Length == 0 ? null : type);
    }
}
