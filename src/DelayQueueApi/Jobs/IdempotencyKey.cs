using System.Text;
using System.Text.RegularExpressions;
using DelayQueueApi.Http;

namespace DelayQueueApi.Jobs;

/// <summary>
/// The header Idempotency-Key: a string of RFC 8941 in quotes, as draft-ietf-httpapi-idempotency-key-header asks, or the bare key.
/// Both forms of a key are the same key.
/// </summary>
internal static partial class IdempotencyKey
{
    public const string Header = "Idempotency-Key";
    public static readonly string Rule = $"must be 1 to {Limits.MaxKeyLength} printable ASCII characters, bare or as a quoted string";

    public static bool IsValid(string key) => key.Length is > 0 and <= Limits.MaxKeyLength && key.All(c => c is >= ' ' and <= '~');

    /// <returns>The key, or null where the header holds none.</returns>
    public static string? Parse(string header)
    {
        if (!header.StartsWith('"'))
        {
            return IsValid(header) ? header : null;
        }

        // Parameters behind the string mean nothing here.
        var quoted = Quoted().Match(header);
        if (!quoted.Success)
        {
            return null;
        }

        var key = new StringBuilder();
        for (var i = 0; i < quoted.Groups[1].Length; i++)
        {
            var c = quoted.Groups[1].ValueSpan[i];
            key.Append(c == '\\' ? quoted.Groups[1].ValueSpan[++i] : c);
        }

        return key.ToString() is var text && IsValid(text) ? text : null;
    }

    [GeneratedRegex("""\A"((?:[ !#-\[\]-~]|\\["\\])*)"\s*(?:;[ -~]*)?\z""")]
    private static partial Regex Quoted();
}
