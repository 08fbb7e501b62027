using System.Text.RegularExpressions;

namespace DelayQueueApi.Http;

/// <summary>The producer's W3C trace context, which travels with the job to its worker.</summary>
internal static partial class Traceparent
{
    /// <returns>The header where it has the form of version 00 of the W3C recommendation, else null.</returns>
    public static string? Of(HttpRequest request) =>
        request.Headers.TraceParent is [{ } value] && Pattern().IsMatch(value) ? value : null;

    [GeneratedRegex(@"\A00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\z")]
    private static partial Regex Pattern();
}
