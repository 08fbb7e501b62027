using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace DelayQueueApi.Jobs;

/// <summary>
/// Names a job: <c>&lt;partition&gt;-&lt;ULID&gt;</c>, made by the store. Any text of a caller binds; one that no store of ours can have
/// made is a job that does not exist.
/// </summary>
internal readonly partial record struct JobId(string Text)
{
    public const int UlidLength = 26;

    /// <summary>The part that stands in the store, or null where the text is not a job id.</summary>
    public string? Ulid => Pattern().IsMatch(Text) ? Text[2..] : null;

    public static JobId FromUlid(string ulid) => new("0-" + ulid);

    /// <summary>The characters that end a new id.</summary>
    public static string NewRandom() => RandomNumberGenerator.GetString("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 11);

    public static bool TryParse(string? text, out JobId id)
    {
        id = new JobId(text ?? "");
        return true;
    }

    /// <summary>The id in a call's address.</summary>
    public static JobId In(HttpContext http) => new((string)http.GetRouteValue("id")!);

    public override string ToString() => Text;

    [GeneratedRegex(@"\A0-[0-7][0-9A-HJKMNP-TV-Z]{25}\z")]
    private static partial Regex Pattern();
}
