using System.Diagnostics.CodeAnalysis;
using DelayQueueApi.Receipts;
using DelayQueueApi.Security;
using FluentValidation;

namespace DelayQueueApi.Http;

/// <summary>What all endpoints of the API share.</summary>
internal static class ApiConventions
{
    public static RouteGroupBuilder WithApiConventions(this RouteGroupBuilder group)
    {
        group.AddEndpointFilter(CheckBodyAsync);
        group.AddEndpointFilter(Rights.CheckAsync);
        group.AddEndpointFilter(GiveReceiptAsync);
        return group.WithHotConventions();
    }

    /// <summary>Those of <see cref="HotCalls"/>, which check their bodies themselves.</summary>
    public static RouteGroupBuilder WithHotConventions(this RouteGroupBuilder group) =>
        group.ProducesProblems(StatusCodes.Status503ServiceUnavailable);

    /// <summary>Tells in openapi.yaml which errors to expect.</summary>
    public static TBuilder ProducesProblems<TBuilder>(this TBuilder builder, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata([.. statuses.Select(status => new ProducesResponseTypeMetadata(status, typeof(Problem), ["application/problem+json"]))]);

    /// <summary>A body that works at once in Swagger UI.</summary>
    public static RouteHandlerBuilder WithExample(this RouteHandlerBuilder builder, [StringSyntax(StringSyntaxAttribute.Json)] string json) =>
        builder.WithMetadata(new BodyExample(json));

    /// <summary>Answers a body that cannot be read or is not valid before its handler runs.</summary>
    private static async ValueTask<object?> CheckBodyAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        foreach (var body in context.Arguments.OfType<IJsonBody>())
        {
            if ((body.Problem ?? body.Validate(context.HttpContext.RequestServices)) is { } problem)
            {
                return problem;
            }
        }

        return await next(context);
    }

    private static async ValueTask<object?> GiveReceiptAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        return ReceiptServices.IsWrite(http.Request.Method) && http.Request.Headers[AskedDurability.Header] is { Count: > 0 } durability
            ? await http.RequestServices.GetRequiredService<DurabilityReceipts>().GiveAsync(http, durability, async () => (IResult)(await next(context))!)
            : await next(context);
    }

    /// <summary>Names in errors are those of the JSON fields.</summary>
    public static void UseJsonNames() =>
        ValidatorOptions.Global.PropertyNameResolver = (_, member, _) =>
            member is null ? null : System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(member.Name);

    internal sealed record BodyExample(string Json);
}
