namespace DelayQueueApi.Security;

/// <summary>Section <c>Security</c>, but for the keys, which <see cref="KeyRing"/> reads again whenever they change.</summary>
internal sealed class SecurityOptions
{
    /// <summary>Without keys the service serves its own machine alone, unless this is true.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>A JSON file with further keys: an array of entries as in <c>Security:Keys</c>.</summary>
    public string? KeysFile { get; set; }

    /// <summary>Whether the pages of the dashboard and of Swagger UI are there. What they show is asked for with a key either way.</summary>
    public bool Pages { get; set; } = true;

    /// <summary>Proxies whose word is taken for where a request comes from: addresses or networks, such as 10.0.0.0/8, with commas between them.</summary>
    public string TrustedProxies { get; set; } = "";

    public JwtOptions Jwt { get; set; } = new();

    /// <summary>Bounds of namespaces, by name.</summary>
    public Dictionary<string, NamespaceOptions> Namespaces { get; set; } = [];
}

/// <summary>Section <c>Security:Namespaces:&lt;name&gt;</c>.</summary>
internal sealed class NamespaceOptions
{
    /// <summary>How many of its claims may wait at one instance at once; null for no bound.</summary>
    public int? WaitingClaims { get; set; }

    /// <summary>How many jobs of any state it may have; null for no bound.</summary>
    public long? Jobs { get; set; }

    /// <summary>How many bytes the records of its jobs may have together; null for no bound.</summary>
    public long? Bytes { get; set; }

    /// <summary>How many queues it may have; null for no bound.</summary>
    public int? Queues { get; set; }

    public bool HasQuotas => Jobs is not null || Bytes is not null || Queues is not null;

    public bool IsValid => WaitingClaims is null or >= 0 && Jobs is null or >= 0 && Bytes is null or >= 0 && Queues is null or >= 0;
}

/// <summary>Section <c>Security:Jwt</c>: tokens of an issuer, in place of keys. Off where no audience is named.</summary>
internal sealed class JwtOptions
{
    /// <summary>What aud must hold.</summary>
    public string? Audience { get; set; }

    /// <summary>The issuer's address, where its keys are found by OpenID Connect discovery.</summary>
    public string? Authority { get; set; }

    /// <summary>What iss must be, where keys come from a file.</summary>
    public string? Issuer { get; set; }

    /// <summary>The issuer's public key, RSA or elliptic curve, in PEM; in place of the authority.</summary>
    public string? PublicKeyFile { get; set; }

    /// <summary>The claim with the scopes: an array, or a text with spaces between them.</summary>
    public string ScopeClaim { get; set; } = "scope";

    /// <summary>The claim with the queues: an array, or a text with spaces between them. A token without it may use none.</summary>
    public string QueuesClaim { get; set; } = "queues";

    /// <summary>The claim with the namespace; without it the namespace default.</summary>
    public string NamespaceClaim { get; set; } = "namespace";

    public bool IsOn => !string.IsNullOrEmpty(Audience);

    public bool IsWhole => !IsOn || !string.IsNullOrEmpty(Authority) || (!string.IsNullOrEmpty(Issuer) && !string.IsNullOrEmpty(PublicKeyFile));
}
