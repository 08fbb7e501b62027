using System.Reflection;
using System.Text.Json.Nodes;
using DelayQueueApi.Events;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using DelayQueueApi.Security;
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
            swagger.IncludeXmlComments(typeof(OpenApi).Assembly);
            swagger.OperationFilter<KeysInOpenApi>();
            swagger.OperationFilter<Conventions>();
            swagger.AddSecurityDefinition(KeysInOpenApi.Bearer, KeysInOpenApi.BearerScheme);
            swagger.AddSecurityDefinition(KeysInOpenApi.Header, KeysInOpenApi.HeaderScheme);
            swagger.DocumentFilter<SharedErrors>();
            swagger.SchemaFilter<OpenAnswers>();
            swagger.SchemaFilter<Items>();
        });

    public static void MapOpenApi(this IEndpointRouteBuilder app)
    {
        ServedDocument.Map(app);
        app.MapSwaggerUI(setupAction: ui =>
        {
            ui.DocumentTitle = "DelayQueueApi";
            ui.SwaggerEndpoint("/swagger/v1/swagger.json", "DelayQueueApi");
            ui.DisplayRequestDuration();
            ui.EnableTryItOutByDefault();
            ui.EnableDeepLinking();
            ui.DefaultModelsExpandDepth(0);
        }).OpenToAll();
    }

    /// <summary>Requests and answers are nested in their use case: ScheduleJob.Request is ScheduleJobRequest.</summary>
    private static string SchemaId(Type type) =>
        type is { DeclaringType: { } useCase, Name: "Request" or "Response" or "Result" } ? useCase.Name + type.Name : type.Name;

    /// <summary>What the handlers' signatures do not tell: examples, parameters in words, and the errors of every call with a body.</summary>
    private sealed class Conventions : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            operation.Responses ??= [];
            if (operation.RequestBody?.Content?["application/json"] is { } body)
            {
                var example = context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<ApiConventions.BodyExample>().Single();
                ((OpenApiMediaType)body).Example = JsonNode.Parse(example.Json);
                foreach (var status in (string[])["400", "413", "415"])
                {
                    operation.Responses[status] = null!;
                }
            }

            foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
            {
                Describe(parameter);
            }

            // Errors look the same in every call, so each stands in the document once.
            foreach (var (status, (name, _)) in Errors.Where(error => operation.Responses.ContainsKey(error.Key)))
            {
                operation.Responses[status] = new OpenApiResponseReference(name, context.Document);
            }

            var sorted = operation.Responses.OrderBy(response => response.Key, StringComparer.Ordinal).ToArray();
            operation.Responses.Clear();
            foreach (var (status, response) in sorted)
            {
                operation.Responses[status] = response;
            }

            if (operation.OperationId is "GetJob" or "UpdateJob" && operation.Responses.GetValueOrDefault("200") is OpenApiResponse shown)
            {
                shown.Headers = new Dictionary<string, IOpenApiHeader> { ["ETag"] = Header("Stands for the job as shown; for If-Match.") };
            }

            if (operation.Responses.GetValueOrDefault("201") is OpenApiResponse created)
            {
                created.Headers = new Dictionary<string, IOpenApiHeader> { ["Location"] = Header("The address of what was made.") };
                if (operation.Parameters?.Any(parameter => parameter.Name == "Idempotency-Key") == true)
                {
                    created.Headers["Idempotency-Replayed"] = Header("true where an earlier request with this key made the job.");
                }
            }
        }

        private static void Describe(OpenApiParameter parameter)
        {
            (parameter.Description, parameter.Schema) = parameter.Name switch
            {
                "id" => ("The job's id, as POST /jobs answered it.", parameter.Schema),
                "queue" when IsList(parameter) => ("Only what happens in this queue; several may be named.", parameter.Schema),
                "queue" => ("The queue's name.", new OpenApiSchema { Type = JsonSchemaType.String, Pattern = QueueName.Pattern }),
                "If-Match" => ("The ETag of the job as it was shown; where it has changed since, the answer is 412.", parameter.Schema),
                "name" => ("The schedule's name.", new OpenApiSchema { Type = JsonSchemaType.String, Pattern = QueueName.Pattern }),
                "state" => ("The state that the jobs have.", new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. Enum.GetNames<JobState>().Select(name => JsonValue.Create(name.ToLowerInvariant()))] }),
                "cursor" => ("The next of the page before; none for the first page.", parameter.Schema),
                "limit" => ("At most so many.", Number(1, Limits.MaxPage, Limits.DefaultPage)),
                "errorType" => ("Only jobs whose last error has this type; empty for those whose last error has none.", new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = Limits.MaxErrorTypeLength }),
                "lookAt" => ("At how many dead jobs to look.", Number(1, Limits.MaxDeadLookedAt, Limits.DefaultDeadLookedAt)),
                "withinMs" => ("How far to look ahead, ms.", Number(Limits.MinDueMs, Limits.MaxDueMs, Limits.DefaultDueMs)),
                "buckets" => ("Into how many parts to divide that.", Number(1, Limits.MaxDueBuckets, Limits.DefaultDueBuckets)),
                "wait" => ("Where a worker holds the job: wait so many ms until it lets go.", Number(0, Limits.MaxWaitMs, 0)),
                "Prefer" => ("wait=30: answer once the job has ended, or after so many seconds, up to 60.", parameter.Schema),
                "type" => ("Only events of this type; several may be named.", ListOf(new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. EventTypes.Names.Select(name => JsonValue.Create(name))] })),
                "job" => ("Only what happens to this job; several may be named.", parameter.Schema),
                WatchEvents.LastEventId => ("The id of the last event that was received: it goes on after it. Without one it begins now.", parameter.Schema),
                "lastEventId" => ("The same, for those who cannot send the header.", parameter.Schema),
                "forMs" => ("The stream ends after so many ms.", Number(1, Limits.MaxWatchMs, Limits.MaxWatchMs)),
                "force" => ("Also where the queue has jobs that are not finished, or dead ones.", new OpenApiSchema { Type = JsonSchemaType.Boolean, Default = false }),
                "count" => ("How many.", Number(1, Limits.MaxInstants, Limits.DefaultInstants)),
                IdempotencyKey.Header => ("The same request sent again with the same key, 1 to 255 printable ASCII characters, makes no second job. Bare, or quoted as a string of RFC 8941.",
                    new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1 }),
                var other => throw new InvalidOperationException($"The parameter {other} is not described."),
            };
            parameter.Required |= (parameter.Name is "queue" && !IsList(parameter)) || parameter.Name is "state";
        }
    }

    private static bool IsList(OpenApiParameter parameter) => parameter.Schema?.Type?.HasFlag(JsonSchemaType.Array) == true;

    private static OpenApiSchema ListOf(OpenApiSchema items) => new() { Type = JsonSchemaType.Array, Items = items };

    private static OpenApiSchema Number(int least, int most, int usual) =>
        new() { Type = JsonSchemaType.Integer, Minimum = $"{least}", Maximum = $"{most}", Default = usual };

    private static readonly Dictionary<string, (string Name, string Description)> Errors = new()
    {
        ["400"] = ("Invalid", "The request is not valid; errors has messages by JSON field or query parameter."),
        ["401"] = ("Unauthenticated", "No key was sent, or it is not known, was revoked or has expired."),
        ["403"] = ("Forbidden", "The key lacks the scope, or the right to a queue that is named; or a page of another site has sent the request."),
        ["404"] = ("NotFound", "There is no such job, queue, schedule or redrive."),
        ["409"] = ("Conflict", "The state of the job, lease or queue does not allow it, another job holds the unique key, or no events are kept."),
        ["412"] = ("Changed", "The job is not what If-Match names."),
        ["413"] = ("TooLarge", "The payload or the body is too large."),
        ["415"] = ("UnsupportedMediaType", "The body is not application/json in UTF-8."),
        ["422"] = ("KeyReused", "The idempotency key belongs to another body."),
        ["429"] = ("TooMany", "The caller has sent too many requests; the queue has as many jobs as its maxLength allows; a quota of the namespace leaves no room; or as many claims of the key or its namespace wait, or read events, as may. Nothing was done."),
        ["503"] = ("StoreUnavailable", "The store is away; applied tells whether the request may have taken effect."),
    };

    private sealed class SharedErrors : IDocumentFilter
    {
        public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
        {
            var schema = context.SchemaGenerator.GenerateSchema(typeof(Problem), context.SchemaRepository);
            foreach (var (status, (name, description)) in Errors)
            {
                swaggerDoc.AddComponent<IOpenApiResponse>(name, new OpenApiResponse
                {
                    Description = description,
                    Headers = HeadersOf(status),
                    Content = new Dictionary<string, IOpenApiMediaType> { ["application/problem+json"] = new OpenApiMediaType { Schema = schema } },
                });
            }
        }
    }

    private static Dictionary<string, IOpenApiHeader>? HeadersOf(string status)
    {
        if (status is not ("429" or "503"))
        {
            return null;
        }

        var headers = new Dictionary<string, IOpenApiHeader> { ["Retry-After"] = Header("Seconds to wait before the next try.") };
        if (status == "429")
        {
            headers["RateLimit-Policy"] = Header("Where requests are limited: how many may come at once, q, and in how many seconds that many come back, w.");
            headers["RateLimit"] = Header("Where requests are limited: how many may still come now, r, and in how many seconds all may again, t.");
        }

        return headers;
    }

    /// <summary>What callers send has no unknown fields; what they get may have new ones in a later version.</summary>
    private sealed class OpenAnswers : ISchemaFilter
    {
        public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
        {
            if (schema is OpenApiSchema answer && context.Type.Name is not ("Request" or "Ack" or "Nack") && context.Type != typeof(Backoff) && context.Type != typeof(Unique)
                && context.Type != typeof(Schedules.JobTemplate))
            {
                answer.AdditionalPropertiesAllowed = true;
            }
        }
    }

    private sealed class Items : ISchemaFilter
    {
        public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
        {
            if (schema is OpenApiSchema array && context.MemberInfo?.GetCustomAttribute<ItemsOfAttribute>() is { } items)
            {
                array.Items = context.SchemaGenerator.GenerateSchema(items.Type, context.SchemaRepository);
                (array.MinItems, array.MaxItems) = (1, items.Most);
            }
        }
    }

    private static OpenApiHeader Header(string description) =>
        new() { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
}
