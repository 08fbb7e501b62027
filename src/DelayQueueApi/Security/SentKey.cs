namespace DelayQueueApi.Security;

/// <summary>The key or token of a request: in <c>Authorization: Bearer</c> or <c>X-Api-Key</c>, never in the address, which ends up in logs.</summary>
internal static class SentKey
{
    public const string Header = "X-Api-Key";

    private const string Bearer = "Bearer ";

    /// <returns>Null where none was sent.</returns>
    public static string? Of(HttpRequest request) => (string?)request.Headers.Authorization switch
    {
        { } authorization when authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) => authorization[Bearer.Length..].Trim(),
        { } => null,
        null => request.Headers[Header] is [{ } key] ? key : null,
    };
}
