using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Http;

/// <summary>What the web server takes from a client before any code of the service sees it.</summary>
internal sealed class KestrelLimits(IOptions<LimitOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    public void Configure(KestrelServerOptions kestrel)
    {
        var asked = options.Value;
        var rate = asked.MinBytesPerSecond == 0 ? null : new MinDataRate(asked.MinBytesPerSecond, TimeSpan.FromMilliseconds(asked.SlowAfterMs));
        kestrel.AddServerHeader = false;
        // JsonBody sets another one for requests of many items.
        kestrel.Limits.MaxRequestBodySize = asked.BodyBytes + 1;
        kestrel.Limits.MaxRequestLineSize = asked.RequestLineBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = asked.HeadersBytes;
        kestrel.Limits.MaxRequestHeaderCount = asked.Headers;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromMilliseconds(asked.HeadersTimeoutMs);
        kestrel.Limits.MinRequestBodyDataRate = rate;
        kestrel.Limits.MinResponseDataRate = rate;
        kestrel.Limits.MaxConcurrentConnections = asked.Connections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
        kestrel.Limits.Http2.MaxStreamsPerConnection = asked.StreamsPerConnection;
        // HTTP/2 bounds each header by itself; it must not be smaller than all of them together.
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = asked.HeadersBytes;
    }
}
