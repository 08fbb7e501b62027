using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Dashboard;

/// <summary>The operator's pages at /dashboard/. They use nothing but the API that everybody has.</summary>
internal static class DashboardEndpoints
{
    /// <summary>Scripts and styles come from the service alone, no text ever becomes markup, and no other site may frame the pages.</summary>
    private const string Policy =
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    public static void MapDashboard(this IEndpointRouteBuilder app)
    {
        var dashboard = app.MapGroup("/").ExcludeFromDescription().OpenToAll();
        dashboard.MapGet("/", ToDashboard);
        foreach (var file in DashboardFile.All())
        {
            dashboard.MapGet($"/dashboard/{file.Path}", Results<FileContentHttpResult, RedirectHttpResult> (HttpContext http) =>
                http.Request.Path.Value is "/dashboard" ? ToDashboard() : Answer(file, http.Response.Headers));
        }
    }

    /// <summary>Relative, as are all addresses within the pages: a proxy may put a prefix before them.</summary>
    private static RedirectHttpResult ToDashboard() => TypedResults.Redirect("dashboard/");

    private static FileContentHttpResult Answer(DashboardFile file, IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        // Kept, but never used without asking: files of two versions do not mix.
        headers.CacheControl = "no-cache";
        return TypedResults.Bytes(file.Content, file.ContentType, entityTag: file.ETag);
    }
}
