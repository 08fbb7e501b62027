using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace DelayQueueApi.Security;

/// <summary>Which proxies may tell where a request comes from (<c>X-Forwarded-For</c>, <c>X-Forwarded-Proto</c>). Without any, such headers say nothing.</summary>
internal static class TrustedProxies
{
    public static bool IsValid(string list) => KeyOptions.Split(list).All(entry => IPAddress.TryParse(entry, out _) || IPNetwork.TryParse(entry, out _));

    public static void UseTrustedProxies(this WebApplication app, string list)
    {
        var entries = KeyOptions.Split(list);
        if (entries.Length == 0)
        {
            return;
        }

        // From the last proxy back to the first address that is none of them.
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var entry in entries)
        {
            if (IPAddress.TryParse(entry, out var address))
            {
                forwarded.KnownProxies.Add(address);
            }
            else
            {
                forwarded.KnownIPNetworks.Add(IPNetwork.Parse(entry));
            }
        }

        app.UseForwardedHeaders(forwarded);
    }
}
