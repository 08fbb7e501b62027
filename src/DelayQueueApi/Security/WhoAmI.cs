using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Security;

/// <summary>GET /whoami</summary>
internal static class WhoAmI
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder service) =>
        service.MapGet("/whoami", Handle)
            .NeedsKey()
            .WithName("WhoAmI")
            .WithSummary("Tell whose key this is, and what it may do")
            .WithDescription("Where the service has no keys, everybody is anonymous and may do everything.");

    /// <param name="Id">Of the key, or the subject of the token.</param>
    /// <param name="Namespace">Where its queues, jobs and schedules are.</param>
    /// <param name="Scopes">What it may do.</param>
    /// <param name="Queues">In which queues: names, or beginnings of names with a star.</param>
    internal sealed record Response(string Id, string Namespace, IReadOnlyList<Scope> Scopes, IReadOnlyList<string> Queues);

    private static Ok<Response> Handle(Caller caller) => TypedResults.Ok(
        new Response(caller.Id, caller.Namespace, Scopes.In(caller.Granted), [.. caller.Queues.Select(queue => queue.Text)]));
}
