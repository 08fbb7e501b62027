using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Http;

/// <summary>GET /health/live and /health/ready</summary>
internal static class Health
{
    public static void Map(IEndpointRouteBuilder service)
    {
        service.MapGet("/health/live", () => TypedResults.Ok(new Response("live")))
            .OpenToAll()
            .WithName("GetLiveness")
            .WithSummary("Tell that the process answers");
        service.MapGet("/health/ready", ReadyAsync)
            .OpenToAll()
            .WithName("GetReadiness")
            .WithSummary("Tell whether requests can be served: the store answers and the service is not stopping")
            .ProducesProblems(StatusCodes.Status503ServiceUnavailable);
    }

    /// <param name="Status">live or ready.</param>
    internal sealed record Response(string Status);

    private static async Task<Ok<Response>> ReadyAsync(StoreFacts store, IHostApplicationLifetime lifetime)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new StoreException(Applied.No, "The service is stopping.");
        }

        await store.PingAsync();
        return TypedResults.Ok(new Response("ready"));
    }
}
