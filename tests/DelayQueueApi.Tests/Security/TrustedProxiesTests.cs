using System.Net;
using DelayQueueApi.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace DelayQueueApi.Tests.Security;

/// <summary>Where a request comes from is what the connection tells, or a proxy that is trusted. Each place may ask once here.</summary>
public sealed class TrustedProxiesTests(EmbeddedEngine engine)
{
    [Theory]
    [InlineData("", "10.0.0.1", "203.0.113.1", "203.0.113.2", 429)]
    [InlineData("192.168.0.0/16", "10.0.0.1", "203.0.113.1", "203.0.113.2", 429)]
    [InlineData("10.0.0.1", "10.0.0.1", "203.0.113.1", "203.0.113.2", 200)]
    [InlineData("192.168.0.1, 10.0.0.0/8", "10.0.0.1", "203.0.113.1", "203.0.113.2", 200)]
    [InlineData("10.0.0.0/8", "10.0.0.1", "203.0.113.1", "203.0.113.1", 429)]
    // A chain of proxies: what stands before the last address that is none of them was made up.
    [InlineData("10.0.0.0/8", "10.0.0.1", "1.1.1.1, 203.0.113.1, 10.0.0.2", "2.2.2.2, 203.0.113.1, 10.0.0.2", 429)]
    [InlineData("10.0.0.0/8", "10.0.0.1", "nonsense", "nonsense", 429)]
    // Somebody with a network of IPv6 has one rate.
    [InlineData("10.0.0.0/8", "10.0.0.1", "2001:db8:1:1::1", "2001:db8:1:1::2", 429)]
    [InlineData("10.0.0.0/8", "10.0.0.1", "2001:db8:1:1::1", "2001:db8:1:2::1", 200)]
    [InlineData("10.0.0.0/8", "::ffff:10.0.0.1", "203.0.113.1", "203.0.113.2", 200)]
    public async Task A_forwarded_address_counts_where_the_proxy_is_trusted(string trusted, string from, string first, string second, int status)
    {
        await using var host = new ApiHost(engine.ConnectionString!, $"proxies{Environment.ProcessId}", new FakeTimeProvider(), new Dictionary<string, string>
        {
            ["Security:TrustedProxies"] = trusted,
            ["Limits:Rate:PerSecond"] = "1",
        });

        Assert.Equal(200, await AskAsync(first));
        Assert.Equal(status, await AskAsync(second));

        async Task<int> AskAsync(string forwardedFor) => (await host.Server.SendAsync(http =>
        {
            http.Request.Method = HttpMethods.Get;
            http.Request.Path = "/queues";
            http.Request.Host = new HostString("localhost");
            http.Request.Headers["X-Forwarded-For"] = forwardedFor;
            http.Connection.RemoteIpAddress = IPAddress.Parse(from);
        })).Response.StatusCode;
    }
}
