using System.Reflection;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Http;

/// <summary>GET /info</summary>
internal static class GetInfo
{
    private static readonly string Version = typeof(GetInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static RouteHandlerBuilder Map(IEndpointRouteBuilder service) =>
        service.MapGet("/info", HandleAsync)
            .WithName("GetInfo")
            .WithSummary("Tell the version, the store, and how far its promises go");

    /// <param name="Version">The service's version.</param>
    /// <param name="Store">The store it runs on.</param>
    internal sealed record Response(string Version, StoreInfo Store);

    /// <param name="Kind">redis, valkey or embedded.</param>
    /// <param name="Version">As the store tells it.</param>
    /// <param name="Durability">fsync-always: an acknowledged job survives the machine. fsync-everysec: but for about a second. replicated: on a replica, not on disk. memory: only while the store runs.</param>
    /// <param name="Warnings">Settings that weaken promises, in words.</param>
    internal sealed record StoreInfo(string Kind, string Version, string Durability, string[] Warnings);

    private static async Task<Ok<Response>> HandleAsync(StoreFacts store)
    {
        var facts = await store.ReadAsync();
        return TypedResults.Ok(new Response(Version, new StoreInfo(facts.Kind, facts.Version, Name(facts.Durability), facts.Warnings)));
    }

    private static string Name(Durability durability) => durability switch
    {
        Durability.FsyncAlways => "fsync-always",
        Durability.FsyncEverysec => "fsync-everysec",
        Durability.Replicated => "replicated",
        _ => "memory",
    };
}
