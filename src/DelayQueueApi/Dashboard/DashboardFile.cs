using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace DelayQueueApi.Dashboard;

/// <summary>A file of the dashboard, which lies in the assembly.</summary>
/// <param name="Path">Below /dashboard/; empty for the page itself.</param>
internal sealed record DashboardFile(string Path, byte[] Content, string ContentType, EntityTagHeaderValue ETag)
{
    /// <summary>What the project file puts before their names.</summary>
    private const string Folder = "Dashboard/Web/";

    public static IEnumerable<DashboardFile> All()
    {
        var assembly = typeof(DashboardFile).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(name => Read(name[Folder.Length..].Replace('\\', '/'), assembly.GetManifestResourceStream(name)!));
    }

    private static DashboardFile Read(string path, Stream resource)
    {
        using var content = new MemoryStream();
        using (resource)
        {
            resource.CopyTo(content);
        }

        var bytes = content.ToArray();
        var tag = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16));
        return new DashboardFile(path == "index.html" ? "" : path, bytes, TypeOf(path), new EntityTagHeaderValue($"\"{tag}\""));
    }

    private static string TypeOf(string path) => System.IO.Path.GetExtension(path) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
}
