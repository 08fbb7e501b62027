using FluentValidation;

namespace DelayQueueApi.Http;

/// <summary>What all endpoints of the API share.</summary>
internal static class ApiConventions
{
    public static RouteGroupBuilder WithApiConventions(this RouteGroupBuilder group)
    {
        group.AddEndpointFilter(CheckBodyAsync)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        return group;
    }

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

    /// <summary>Names in errors are those of the JSON fields.</summary>
    public static void UseJsonNames() =>
        ValidatorOptions.Global.PropertyNameResolver = (_, member, _) =>
            member is null ? null : System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(member.Name);
}
