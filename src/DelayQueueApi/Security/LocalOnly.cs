using System.Net;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Security;

/// <summary>
/// Whom a service without keys serves: what comes over the loopback addresses, and means them. A page that has let its own name lead to
/// 127.0.0.1 (DNS rebinding) is of the same origin for its browser, but calls the service by that name.
/// </summary>
internal sealed class LocalOnly(IOptions<SecurityOptions> options, IConfiguration configuration)
{
    private readonly bool servesAll = options.Value.AllowAnonymous;

    /// <summary>The framework's own setting: names by which the service may be called.</summary>
    private readonly string[] allowed = (configuration["AllowedHosts"] ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Nearly all calls name the same host.</summary>
    private volatile string? known;

    public bool ServesConnection(HttpContext http) => servesAll || http.Connection.LocalIpAddress is not { } address || IPAddress.IsLoopback(address);

    public bool ServesHost(HttpContext http)
    {
        var host = (string?)http.Request.Headers.Host;
        if (servesAll || string.IsNullOrEmpty(host) || host == known)
        {
            return true;
        }

        var name = http.Request.Host.Host;
        if (!IsLoopback(name) && !allowed.Contains("*") && !allowed.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return false;
        }

        known = host;
        return true;
    }

    /// <param name="host">A name or an address, as in an address of the web.</param>
    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
