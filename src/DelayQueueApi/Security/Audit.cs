using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace DelayQueueApi.Security;

/// <summary>
/// Notes what operators have done, and who was refused: structured events of this class's category. What callers give is written so that it
/// can neither end a line nor hold a key.
/// </summary>
internal sealed partial class Audit(ILogger<Audit> log)
{
    private const int MostChars = 256;

    public void Done(HttpContext http, Caller caller) =>
        LogDone(Plain(caller.Id), caller.Namespace, Call(http), Plain(http.Request.Path), From(http), http.Response.StatusCode);

    /// <param name="http">The request.</param>
    /// <param name="caller">Who it is; null where that is not known.</param>
    public void Refused(HttpContext http, Caller? caller) =>
        LogRefused(caller is null ? "unknown" : Plain(caller.Id), caller?.Namespace ?? "-", Call(http), Plain(http.Request.Path), From(http), http.Response.StatusCode);

    /// <param name="http">The request, which as a whole was not refused.</param>
    /// <param name="caller">Who it is.</param>
    /// <param name="items">Those of its items that were.</param>
    public void RefusedIn(HttpContext http, Caller caller, RefusedItems items) =>
        LogRefusedItems(Plain(caller.Id), caller.Namespace, items.Count, Call(http), Plain(http.Request.Path), From(http), Plain(items.Queues));

    /// <summary>The text in one line, of bounded length and without keys.</summary>
    public static string Plain(string? text)
    {
        var plain = new StringBuilder();
        foreach (var rune in Key().Replace(text ?? "", "dq_…").EnumerateRunes().Take(MostChars))
        {
            var isPlain = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
            plain.Append(isPlain ? rune.ToString() : $"\\u{{{rune.Value:x}}}");
        }

        return plain.ToString();
    }

    private static string Call(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "-";

    private static string From(HttpContext http) => http.Connection.RemoteIpAddress?.ToString() ?? "-";

    [GeneratedRegex(@"dq_[^/\s]+")]
    private static partial Regex Key();

    [LoggerMessage(LogLevel.Information, "{Who} of {Namespace} did {Call} at {Path} from {From}: {Status}")]
    private partial void LogDone(string who, string @namespace, string call, string path, string from, int status);

    [LoggerMessage(LogLevel.Warning, "{Who} of {Namespace} was refused {Call} at {Path} from {From}: {Status}")]
    private partial void LogRefused(string who, string @namespace, string call, string path, string from, int status);

    [LoggerMessage(LogLevel.Warning, "{Who} of {Namespace} was refused {Count} items of {Call} at {Path} from {From}: queues {Queues}")]
    private partial void LogRefusedItems(string who, string @namespace, int count, string call, string path, string from, string queues);
}
