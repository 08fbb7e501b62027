using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace DelayQueueApi.Receipts;

internal static class ReceiptServices
{
    public static IServiceCollection AddReceipts(this IServiceCollection services)
    {
        services.ConfigureSwaggerGen(swagger =>
        {
            swagger.OperationFilter<Writes>();
            swagger.DocumentFilter<SharedHeader>();
        });
        return services.AddSingleton<ReceiptStore>().AddSingleton<DurabilityReceipts>();
    }

    /// <summary>Requests that only read have no receipt.</summary>
    public static bool IsWrite(string? method) => method is not null && !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method);

    private sealed class Writes : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            if (!IsWrite(context.ApiDescription.HttpMethod))
            {
                return;
            }

            (operation.Parameters ??= []).Add(new OpenApiParameterReference(AskedDurability.Header, context.Document));
            foreach (var (status, answer) in operation.Responses ?? [])
            {
                if (status.StartsWith('2') && answer is OpenApiResponse done)
                {
                    (done.Headers ??= new Dictionary<string, IOpenApiHeader>())[AskedDurability.Header] =
                        new OpenApiHeaderReference(AskedDurability.Header, context.Document);
                }
            }
        }
    }

    private sealed class SharedHeader : IDocumentFilter
    {
        public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
        {
            var schema = new OpenApiSchema { Type = JsonSchemaType.String };
            swaggerDoc.AddComponent<IOpenApiParameter>(AskedDurability.Header, new OpenApiParameter
            {
                Name = AskedDurability.Header,
                In = ParameterLocation.Header,
                Description = "fsync, replicated=N or both with a comma between them, as in replicated=1, fsync: answer only once the write is on disk, or N replicas have it. "
                    + "400 where the store cannot tell, 503 where it is not so in time.",
                // Without an example, which Swagger UI would send.
                Schema = schema,
            });
            swaggerDoc.AddComponent<IOpenApiHeader>(AskedDurability.Header, new OpenApiHeader
            {
                Description = "Where it was asked for: what is known of the write.",
                Schema = schema,
            });
        }
    }
}
