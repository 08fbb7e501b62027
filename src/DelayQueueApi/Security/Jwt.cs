using System.Security.Claims;
using System.Security.Cryptography;
using DelayQueueApi.Queues;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace DelayQueueApi.Security;

/// <summary>Tokens of an issuer that configuration names, signed by its private key: scopes, queues and namespace come from claims.</summary>
internal sealed class Jwt(IOptions<SecurityOptions> options) : IConfigureNamedOptions<JwtBearerOptions>
{
    public const string Scheme = "Jwt";

    /// <summary>None with a shared secret: whoever checks such a token could make it.</summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    public void Configure(JwtBearerOptions options) => Configure(Scheme, options);

    public void Configure(string? name, JwtBearerOptions jwt)
    {
        var asked = options.Value.Jwt;
        jwt.MapInboundClaims = false;
        jwt.Audience = asked.Audience;
        jwt.Authority = asked.Authority;
        jwt.TokenValidationParameters.ValidAlgorithms = Algorithms;
        jwt.TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(30);
        if (asked.PublicKeyFile is { Length: > 0 } file)
        {
            jwt.TokenValidationParameters.ValidIssuer = asked.Issuer;
            jwt.TokenValidationParameters.IssuerSigningKey = ReadKey(File.ReadAllText(file));
        }

        jwt.Events = new JwtBearerEvents
        {
            OnTokenValidated = context =>
            {
                if (CallerOf(context.Principal!, asked) is { } caller)
                {
                    context.Principal = new CallerPrincipal(caller, Scheme);
                }
                else
                {
                    context.Fail("Its claims are not valid.");
                }

                return Task.CompletedTask;
            },
        };
    }

    private static Caller? CallerOf(ClaimsPrincipal token, JwtOptions asked)
    {
        var @namespace = token.FindFirst(asked.NamespaceClaim)?.Value ?? Namespaces.Default;
        var scopes = Words(asked.ScopeClaim).Aggregate(Scope.None, (all, word) => all | Scopes.Named(word));
        var queues = Words(asked.QueuesClaim).Select(word => new QueuePattern(word)).ToArray();
        var id = token.FindFirst("sub")?.Value ?? token.FindFirst("client_id")?.Value ?? token.FindFirst("azp")?.Value;
        return id is not null && Namespaces.IsValid(@namespace) && queues.All(queue => queue.IsValid) ? new Caller(id, @namespace, scopes, queues) : null;

        IEnumerable<string> Words(string claim) => token.FindAll(claim).SelectMany(found => found.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private static AsymmetricSecurityKey ReadKey(string pem)
    {
        try
        {
            var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return new RsaSecurityKey(rsa);
        }
        catch (CryptographicException)
        {
            var curve = ECDsa.Create();
            curve.ImportFromPem(pem);
            return new ECDsaSecurityKey(curve);
        }
    }
}
