using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Security;

/// <summary>GET /whoami</summary>
internal static class WhoAmI
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder service) =>
        service.MapGet("/whoami", HandleAsync)
            .NeedsKey()
            .WithName("WhoAmI")
            .WithSummary("Tell whose key this is, and what it may do")
            .WithDescription("Where the service has no keys, everybody is anonymous and may do everything.");

    /// <param name="Id">Of the key, or the subject of the token.</param>
    /// <param name="Namespace">Where its queues, jobs and schedules are.</param>
    /// <param name="Scopes">What it may do.</param>
    /// <param name="Queues">In which queues: names, or beginnings of names with a star.</param>
    /// <param name="Quotas">What the namespace may hold and holds, by those quotas that it has. Not there while the store is away.</param>
    internal sealed record Response(string Id, string Namespace, IReadOnlyList<Scope> Scopes, IReadOnlyList<string> Queues, UsedQuotas? Quotas = null);

    private static async Task<Ok<Response>> HandleAsync(Caller caller, Quotas quotas) => TypedResults.Ok(new Response(
        caller.Id, caller.Namespace, Scopes.In(caller.Granted), [.. caller.Queues.Select(queue => queue.Text)], await ReadAsync(quotas.Of(caller.Namespace))));

    private static async Task<UsedQuotas?> ReadAsync(NamespaceQuotas? quotas)
    {
        try
        {
            return quotas is null ? null : await quotas.ReadAsync();
        }
        catch (StoreException)
        {
            return null;
        }
    }
}
