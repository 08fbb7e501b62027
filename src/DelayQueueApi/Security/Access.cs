namespace DelayQueueApi.Security;

/// <summary>What a call asks of its caller. Every call says so; one that does not is refused.</summary>
/// <param name="NeedsKey">False for what everybody may have.</param>
/// <param name="Scope">What the key must be good for; none where any key will do.</param>
/// <param name="IsAudited">Whether what is done is noted for later.</param>
internal sealed record Access(bool NeedsKey, Scope Scope, bool IsAudited = false)
{
    private static readonly Access Everybody = new(NeedsKey: false, Scope.None);
    private static readonly Access Nobody = new(NeedsKey: true, Scopes.All);

    public static Access Of(Endpoint endpoint) => endpoint.Metadata.GetMetadata<Access>() ?? Nobody;

    /// <summary>Whether anybody at all is let in.</summary>
    public bool LetsIn(Scope scopes) => this != Nobody && scopes.HasFlag(Scope);

    public static void Open(IEndpointConventionBuilder call) => call.Add(endpoint => endpoint.Metadata.Add(Everybody));

    public static void Restrict(IEndpointConventionBuilder call, Scope scope, bool isAudited) =>
        call.Add(endpoint => endpoint.Metadata.Add(new Access(NeedsKey: true, scope, isAudited)));
}

internal static class AccessConventions
{
    /// <summary>The call needs a key with this scope; those of the scope admin are audited, and others that ask for it.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder call, Scope scope, bool isAudited = false)
        where TBuilder : IEndpointConventionBuilder
    {
        Access.Restrict(call, scope, isAudited || scope == Scope.Admin);
        return call;
    }

    /// <summary>Any key will do.</summary>
    public static TBuilder NeedsKey<TBuilder>(this TBuilder call)
        where TBuilder : IEndpointConventionBuilder => call.Needs(Scope.None);

    /// <summary>No key is needed: nothing of anybody is told or changed.</summary>
    public static TBuilder OpenToAll<TBuilder>(this TBuilder call)
        where TBuilder : IEndpointConventionBuilder
    {
        Access.Open(call);
        return call;
    }
}
