using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace DelayQueueApi.Security;

/// <summary>Which keys a call takes.</summary>
internal sealed class KeysInOpenApi : IOperationFilter
{
    public const string Bearer = "bearer", Header = "apiKey";

    public static OpenApiSecurityScheme BearerScheme => new()
    {
        Type = SecuritySchemeType.Http,
        Scheme = "bearer",
        Description = "A key, dq_…, or a token of the issuer that the service trusts. A service without keys, which serves its own machine alone, needs none.",
    };

    public static OpenApiSecurityScheme HeaderScheme => new()
    {
        Type = SecuritySchemeType.ApiKey,
        In = ParameterLocation.Header,
        Name = SentKey.Header,
        Description = "A key, dq_…, where Authorization serves something else.",
    };

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var access = context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<Access>().Single();
        if (!access.NeedsKey)
        {
            return;
        }

        var scopes = Scopes.In(access.Scope).Select(Scopes.NameOf).ToList();
        operation.Security = [.. ((string[])[Bearer, Header]).Select(scheme =>
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, context.Document)] = scopes })];
        operation.Responses ??= [];
        operation.Responses["401"] = null!;
        operation.Responses["403"] = null!;
        operation.Responses["429"] = null!;
    }
}
