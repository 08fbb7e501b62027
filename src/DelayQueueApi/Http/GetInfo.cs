using System.Reflection;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Http;

/// <summary>GET /info</summary>
internal static class GetInfo
{
    private static readonly string Version = typeof(GetInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static RouteHandlerBuilder Map(IEndpointRouteBuilder service) =>
        service.MapGet("/info", HandleAsync)
            .NeedsKey()
            .WithName("GetInfo")
            .WithSummary("Tell the version, the store, and how far its promises go")
            .ProducesProblems(StatusCodes.Status503ServiceUnavailable);

    /// <param name="Version">The service's version.</param>
    /// <param name="Store">The store it runs on.</param>
    internal sealed record Response(string Version, StoreInfo Store);

    /// <param name="Kind">redis, valkey or embedded.</param>
    /// <param name="Version">As the store tells it.</param>
    /// <param name="Durability">What an acknowledged job survives.</param>
    /// <param name="Replicas">How many replicas follow it now.</param>
    /// <param name="Warnings">What weakens promises, in words: settings, and what is wrong with memory or disk.</param>
    internal sealed record StoreInfo(string Kind, string Version, Durability Durability, int Replicas, string[] Warnings);

    private static async Task<Ok<Response>> HandleAsync(StoreFacts store)
    {
        var facts = await store.ReadAsync();
        return TypedResults.Ok(new Response(Version, new StoreInfo(facts.Kind, facts.Version, facts.Durability, facts.Replicas, facts.Warnings)));
    }
}
