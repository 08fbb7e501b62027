using System.Text.RegularExpressions;

namespace DelayQueueApi.Queues;

/// <summary>
/// Tenants of one service: names in one are not those in another. In the store they stand before a name, with a slash; in memories that
/// all share, before what callers make up, with a NUL, which none of that can hold. Of the namespace default those have nothing before them.
/// </summary>
internal static partial class Namespaces
{
    public const string Default = "default";
    public const string Rule = "must be 1 to 32 of a-z, 0-9, '-', and begin with a letter or digit";

    public static bool IsValid(string name) => Pattern().IsMatch(name);

    /// <param name="namespace">Whose it is.</param>
    /// <param name="text">What a caller has made up.</param>
    public static string Field(string @namespace, string text) => @namespace == Default ? text : $"{@namespace}\0{text}";

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,31}\z")]
    private static partial Regex Pattern();
}
