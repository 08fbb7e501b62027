namespace DelayQueueApi.Http;

/// <summary>
/// What browsers are told with every answer that they may show: to take it for nothing else than it says, to let no page frame it, and to tell
/// nobody its address. Pages with a policy of their own replace this one.
/// </summary>
internal static class BrowserHeaders
{
    private const string Policy = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>Swagger UI draws with styles and images in its own text.</summary>
    private const string SwaggerPolicy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static IApplicationBuilder UseBrowserHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = http.Request.Path.StartsWithSegments("/swagger") ? SwaggerPolicy : Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        return next(http);
    });
}
