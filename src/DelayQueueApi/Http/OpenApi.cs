using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace DelayQueueApi.Http;

/// <summary>The description of the API: openapi.yaml at the repository's top level is what this serves.</summary>
internal static class OpenApi
{
    public static IServiceCollection AddOpenApiDocument(this IServiceCollection services) => services
        .AddEndpointsApiExplorer()
        .AddSwaggerGen(swagger =>
        {
            swagger.SwaggerDoc("v1", new OpenApiInfo
            {
                Title = "DelayQueueApi",
                Version = "1",
                Description = "A delayed-job queue over plain HTTP. Schedule jobs, lease the due ones to workers, ack them. "
                    + "At least once, never early; every lease has a fence. Errors are RFC 9457 problems with a stable type.",
                License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
            });
            swagger.CustomSchemaIds(SchemaId);
            swagger.SupportNonNullableReferenceTypes();
            swagger.NonNullableReferenceTypesAsRequired();
            swagger.MapType<RawJson>(() => new OpenApiSchema { Description = "Any JSON value." });
            swagger.MapType<Jobs.JobId>(() => new OpenApiSchema { Type = JsonSchemaType.String, Examples = ["0-01JD3W8Y9A0000000000000000"] });
            swagger.MapType<Queues.QueueName>(() => new OpenApiSchema { Type = JsonSchemaType.String, Pattern = Queues.QueueName.Pattern });
            swagger.IncludeXmlComments(typeof(OpenApi).Assembly);
            swagger.OperationFilter<ProblemResponses>();
        });

    public static void MapOpenApi(this WebApplication app)
    {
        app.UseSwagger(swagger => swagger.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1);
        app.UseSwaggerUI(ui =>
        {
            ui.DocumentTitle = "DelayQueueApi";
            ui.SwaggerEndpoint("/swagger/v1/swagger.json", "DelayQueueApi");
            ui.DisplayRequestDuration();
            ui.EnableTryItOutByDefault();
        });
    }

    /// <summary>Requests and answers are nested in their use case: ScheduleJob.Request is ScheduleJobRequest.</summary>
    private static string SchemaId(Type type) => type switch
    {
        _ when type == typeof(HttpValidationProblemDetails) || type == typeof(Microsoft.AspNetCore.Mvc.ProblemDetails) => "Problem",
        { DeclaringType: { } useCase, Name: "Request" or "Response" } => useCase.Name + type.Name,
        _ => type.Name,
    };

    /// <summary>All errors are of one shape, and are said to be.</summary>
    private sealed class ProblemResponses : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            foreach (var (status, response) in operation.Responses ?? [])
            {
                response.Description = status switch
                {
                    "400" => "The request is not valid; errors has messages by JSON field.",
                    "404" => "There is no such job or queue.",
                    "409" => "The job's state or lease does not allow it.",
                    "413" => "The payload is too large.",
                    "422" => "The idempotency key belongs to another body.",
                    "503" => "The store is away; applied tells whether the request may have taken effect.",
                    _ => response.Description,
                };
            }
        }
    }
}
