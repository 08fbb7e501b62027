using System.Text;
using System.Text.RegularExpressions;

namespace DelayQueueApi.Queues;

/// <summary>Where jobs are put. In the store a name stands behind its namespace, so that tenants never meet.</summary>
internal readonly partial record struct QueueName(string Text, string Namespace = Namespaces.Default)
{
    public const string Default = "default";
    public const string Pattern = @"^[a-z0-9][a-z0-9_.-]{0,63}$";
    public const string Rule = "must be 1 to 64 of a-z, 0-9, '_', '.', '-', and begin with a letter or digit";

    private const string DefaultPrefix = Namespaces.Default + "/";

    public bool IsValid => Text is not null && !Text.EndsWith('\n') && Regex().IsMatch(Text);

    /// <summary>The name in keys.</summary>
    public string Stored => string.Concat(Namespace, "/", Text);

    /// <summary>The name in records, metrics, spans and logs: without the namespace of most.</summary>
    public string Short => Namespace == Namespaces.Default ? Text : Stored;

    public static QueueName FromStored(string stored)
    {
        if (stored.StartsWith(DefaultPrefix, StringComparison.Ordinal))
        {
            return new(stored[DefaultPrefix.Length..]);
        }

        var slash = stored.IndexOf('/');
        return new(stored[(slash + 1)..], stored[..slash]);
    }

    /// <returns>The name in keys of one that stands in a record.</returns>
    public static string StoredFrom(ReadOnlySpan<byte> inRecord)
    {
        Span<char> text = stackalloc char[DefaultPrefix.Length + inRecord.Length];
        DefaultPrefix.CopyTo(text);
        Encoding.ASCII.GetChars(inRecord, text[DefaultPrefix.Length..]);
        return new string(inRecord.Contains((byte)'/') ? text[DefaultPrefix.Length..] : text);
    }

    /// <returns>Whether a text is a name as it stands in keys.</returns>
    public static bool IsStored(string text) => text.IndexOf('/') > 0 && FromStored(text) is { IsValid: true } queue && Namespaces.IsValid(queue.Namespace);

    public static bool TryParse(string? text, out QueueName name)
    {
        name = new QueueName(text ?? "");
        return true;
    }

    public override string ToString() => Text;

    [GeneratedRegex(Pattern)]
    private static partial Regex Regex();
}
