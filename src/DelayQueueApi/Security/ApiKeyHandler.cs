using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Security;

/// <summary>Authenticates by a key in <c>Authorization: Bearer</c> or <c>X-Api-Key</c>; never by one in an address, which ends up in logs.</summary>
internal sealed class ApiKeyHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder, KeyRing keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public new const string Scheme = "ApiKey";
    public const string Header = "X-Api-Key";

    private const string Bearer = "Bearer ";

    /// <returns>The key or token that the client has sent, or null.</returns>
    public static string? Sent(HttpRequest request) => (string?)request.Headers.Authorization switch
    {
        { } authorization when authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) => authorization[Bearer.Length..].Trim(),
        { } => null,
        null => request.Headers[Header] is [{ } key] ? key : null,
    };

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        Sent(Request) is { } sent && keys.Find(sent) is { } caller
            ? AuthenticateResult.Success(new AuthenticationTicket(caller, Scheme))
            : AuthenticateResult.NoResult());
}
