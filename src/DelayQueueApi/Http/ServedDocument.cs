using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace DelayQueueApi.Http;

/// <summary>
/// GET /swagger/v1/swagger.json and .yaml. The document is the same for everybody and takes a good while to make, so it is made once.
/// </summary>
internal sealed class ServedDocument
{
    private readonly Lazy<OpenApiDocument> document;
    private readonly Lazy<(byte[] Content, EntityTagHeaderValue ETag)> json;
    private readonly Lazy<(byte[] Content, EntityTagHeaderValue ETag)> yaml;

    private ServedDocument(ISwaggerProvider swagger)
    {
        document = new(() => swagger.GetSwagger("v1"));
        json = new(() => Write(text => new OpenApiJsonWriter(text)));
        yaml = new(() => Write(text => new OpenApiYamlWriter(text)));
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var served = new ServedDocument(app.ServiceProvider.GetRequiredService<ISwaggerProvider>());
        var documents = app.MapGroup("/swagger/v1").ExcludeFromDescription().OpenToAll();
        documents.MapGet("/swagger.json", () => Answer(served.json.Value, "application/json; charset=utf-8"));
        documents.MapGet("/swagger.yaml", () => Answer(served.yaml.Value, "application/yaml; charset=utf-8"));
    }

    private static FileContentHttpResult Answer((byte[] Content, EntityTagHeaderValue ETag) document, string type) =>
        TypedResults.Bytes(document.Content, type, entityTag: document.ETag);

    private (byte[] Content, EntityTagHeaderValue ETag) Write(Func<TextWriter, IOpenApiWriter> writer)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        document.Value.SerializeAsV31(writer(text));
        var content = Encoding.UTF8.GetBytes(text.ToString());
        return (content, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16))}\""));
    }
}
