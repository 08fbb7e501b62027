using DelayQueueApi.Receipts;
using DelayQueueApi.Security;
using FluentValidation;
using Microsoft.Extensions.Primitives;

namespace DelayQueueApi.Http;

/// <summary>
/// The calls that come thousands of times a second. What the framework does for every call by reflection, filters and a scope of services
/// is done for these by hand: the body is read, checked and handed on in one step (docs/performance.md tells what that saves).
/// </summary>
internal static class HotCalls
{
    /// <param name="routes">Where the call belongs.</param>
    /// <param name="pattern">Its route.</param>
    /// <param name="handler">Describes the call: its parameters stand in openapi.yaml.</param>
    /// <param name="handle">Calls the handler with who calls, and a body that was read and is valid.</param>
    public static RouteHandlerBuilder MapHotPost<T>(
        this IEndpointRouteBuilder routes, string pattern, Delegate handler, Func<HttpContext, Caller, JsonBody<T>, Task<IResult>> handle)
        where T : class
    {
        var callers = routes.ServiceProvider.GetRequiredService<Callers>();
        var limit = JsonBody<T>.LimitIn(routes.ServiceProvider);
        var validator = routes.ServiceProvider.GetService<IValidator<T>>();
        var receipts = routes.ServiceProvider.GetRequiredService<DurabilityReceipts>();
        var call = routes.MapPost(pattern, (HttpContext http) => RunAsync(http, callers, limit, validator, receipts, handle));
        call.Add(endpoint =>
        {
            endpoint.Metadata.Add(handler.Method);
            endpoint.Metadata.Add(HotCall.Instance);
            RequestDelegateFactory.InferMetadata(handler.Method, new() { ServiceProvider = routes.ServiceProvider, EndpointBuilder = endpoint });
        });
        return new RouteHandlerBuilder([call]);
    }

    /// <summary>True where the call answers everything itself, its errors too.</summary>
    public static bool IsHot(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<HotCall>() is not null;

    private static async Task RunAsync<T>(
        HttpContext http, Callers callers, int limit, IValidator<T>? validator, DurabilityReceipts receipts, Func<HttpContext, Caller, JsonBody<T>, Task<IResult>> handle)
        where T : class
    {
        var body = await JsonBody<T>.ReadAsync(http, limit);
        var answer = body.Problem ?? body.Validate(validator) ?? (http.Request.Headers[AskedDurability.Header] is { Count: > 0 } durability
            ? await GiveReceiptAsync(http, durability, callers, body, receipts, handle)
            : await handle(http, callers.Of(http), body));
        await answer.ExecuteAsync(http);
    }

    /// <summary>A method of its own: where a lambda stands, its closure is made in every call.</summary>
    private static Task<IResult> GiveReceiptAsync<T>(
        HttpContext http, StringValues durability, Callers callers, JsonBody<T> body, DurabilityReceipts receipts, Func<HttpContext, Caller, JsonBody<T>, Task<IResult>> handle)
        where T : class =>
        receipts.GiveAsync(http, durability, () => handle(http, callers.Of(http), body));

    private sealed class HotCall
    {
        public static readonly HotCall Instance = new();
    }
}
