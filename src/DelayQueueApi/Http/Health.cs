using DelayQueueApi.Queues;
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
            .WithDescription("What weakens the store's promises stands under warnings; the service is ready all the same.")
            .ProducesProblems(StatusCodes.Status503ServiceUnavailable);
    }

    /// <param name="Status">live or ready.</param>
    /// <param name="Store">Where it is ready, and the service has no keys: the store it runs on. With keys GET /info tells it.</param>
    /// <param name="Warnings">With the store: what weakens its promises, in words.</param>
    internal sealed record Response(string Status, ReadyStore? Store = null, string[]? Warnings = null);

    /// <param name="Kind">redis, valkey or embedded.</param>
    /// <param name="Version">As the store tells it.</param>
    /// <param name="Durability">What an acknowledged job survives.</param>
    internal sealed record ReadyStore(string Kind, string Version, Durability Durability);

    private static async Task<Ok<Response>> ReadyAsync(StoreFacts store, KeyRing keys, StoreGate gate, IHostApplicationLifetime lifetime)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new StoreException(Applied.No, "The service is stopping.");
        }

        await store.PingAsync();
        if (!gate.IsOpen)
        {
            throw new StoreException(Applied.No, "The store has come back, and is looked at before it is used.");
        }

        if (!keys.IsOpen)
        {
            return TypedResults.Ok(new Response("ready"));
        }

        var facts = await store.ReadAsync();
        return TypedResults.Ok(new Response("ready", new ReadyStore(facts.Kind, facts.Version, facts.Durability), facts.Warnings));
    }
}
