namespace DelayQueueApi.Security;

/// <summary>
/// Browsers send requests for any page that is open in them, also to services that only this machine can reach. They say so, in headers
/// that no page can change; other clients send none of these.
/// </summary>
internal static class CrossSite
{
    /// <summary>True for a request that changes something and that a page of another origin has sent.</summary>
    public static bool Is(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        {
            return false;
        }

        var headers = request.Headers;
        if (headers.TryGetValue("Sec-Fetch-Site", out var site))
        {
            return site is not ["same-origin" or "none"];
        }

        // Older browsers, and addresses of which browsers think that they are not safe enough to be told more.
        return headers.Origin is { Count: > 0 } origin
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var page) && string.Equals(page.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }
}
