using DelayQueueApi.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Security;

/// <summary>
/// Where a request ends must be beyond doubt: what a proxy takes for a body and the service for a request would be let in behind the proxy's
/// back. The web server refuses most of that; a body in pieces that are in pieces again, and one that has a length too, are refused here.
/// </summary>
internal static class Framing
{
    /// <summary>Where the web server leaves the length that it does not go by.</summary>
    private const string IgnoredLength = "X-Content-Length";

    /// <returns>Null where there is no doubt.</returns>
    public static ProblemHttpResult? Doubt(HttpContext http)
    {
        var headers = http.Request.Headers;
        if (headers.TransferEncoding is not { Count: > 0 } encoding
            || (string.Equals(encoding, "chunked", StringComparison.OrdinalIgnoreCase) && !headers.ContainsKey(IgnoredLength)))
        {
            return null;
        }

        http.Response.Headers.Connection = "close";
        return Problems.Invalid("Transfer-Encoding", "must be chunked, once, and without Content-Length");
    }
}
