using System.Net;
using System.Security.Cryptography;
using System.Text;
using DelayQueueApi.Tests.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace DelayQueueApi.Tests.Security;

/// <summary>Tokens of an issuer, in place of keys.</summary>
public sealed class JwtTests(JwtTests.WithIssuer api) : IClassFixture<JwtTests.WithIssuer>
{
    private static readonly RSA Issuer = RSA.Create(2048);
    private static readonly SigningCredentials Signing = new(new RsaSecurityKey(Issuer), "RS256");

    private static readonly string[] Queues = ["q*", "mail"];

    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Scopes_queues_and_namespace_come_from_claims()
    {
        var token = Token(new() { ["sub"] = "svc", ["scope"] = "produce read other", ["queues"] = Queues, ["namespace"] = "acme" });

        var who = await (await SendAsync(token, "/whoami")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("""{"id":"svc","namespace":"acme","scopes":["produce","read"],"queues":["mail","q*"]}""", who);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(token, "/jobs", $$"""{"queue":"{{queue}}","payload":1}""")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(token, "/jobs", """{"queue":"other","payload":1}""")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(token, "/jobs/claim", """{"queues":["mail"]}""")).StatusCode);
    }

    [Fact]
    public async Task A_token_without_claims_may_do_nothing()
    {
        var token = Token(new() { ["sub"] = "svc" });

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(token, "/whoami")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(token, "/queues")).StatusCode);
    }

    public static TheoryData<string> Bad => ["expired", "other audience", "other issuer", "other key", "shared secret", "not signed", "no subject", "bad namespace", "bad queues"];

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_token_that_is_not_good_is_refused(string why)
    {
        var claims = new Dictionary<string, object> { ["sub"] = "svc", ["scope"] = "read", ["queues"] = "*" };
        var token = why switch
        {
            "expired" => Token(claims, expires: DateTime.UnixEpoch.AddYears(50)),
            "other audience" => Token(claims, audience: "other"),
            "other issuer" => Token(claims, issuer: "https://evil.example"),
            "other key" => Token(claims, new SigningCredentials(new RsaSecurityKey(RSA.Create(2048)), "RS256")),
            // The public key, which everybody may know, as if it were a shared secret.
            "shared secret" => Token(claims, new SigningCredentials(new SymmetricSecurityKey(Encoding.ASCII.GetBytes(Issuer.ExportSubjectPublicKeyInfoPem())), "HS256")),
            "not signed" => new JsonWebTokenHandler().CreateToken($$"""{"sub":"svc","aud":"delayqueue","iss":"https://issuer.example","exp":{{long.MaxValue / 1_000_000_000}} }"""),
            "no subject" => Token(new() { ["scope"] = "read" }),
            "bad namespace" => Token(new(claims) { ["namespace"] = "../default" }),
            _ => Token(new(claims) { ["queues"] = "q*ueue" }),
        };

        await Api.AssertProblemAsync(await SendAsync(token, "/queues"), HttpStatusCode.Unauthorized, "unauthenticated");
    }

    private static string Token(
        Dictionary<string, object> claims, SigningCredentials? signing = null, string audience = "delayqueue", string issuer = "https://issuer.example", DateTime? expires = null) =>
        new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Audience = audience,
            Issuer = issuer,
            NotBefore = DateTime.UnixEpoch,
            IssuedAt = DateTime.UnixEpoch,
            Expires = expires ?? DateTime.UnixEpoch.AddYears(100),
            Claims = claims,
            SigningCredentials = signing ?? Signing,
        });

    private Task<HttpResponseMessage> SendAsync(string token, string path, string? body = null) =>
        api.SendAsync(null, body is null ? "GET" : "POST", path, body, ("Authorization", $"Bearer {token}"));

    /// <summary>The service, which trusts the issuer.</summary>
    public sealed class WithIssuer(EmbeddedEngine engine) : KeyedApi(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings
        {
            get
            {
                var file = Path.Combine(Directory.CreateTempSubdirectory("delayqueue-jwt-").FullName, "issuer.pem");
                File.WriteAllText(file, Issuer.ExportSubjectPublicKeyInfoPem());
                return new Dictionary<string, string>
                {
                    ["Security:Jwt:Audience"] = "delayqueue",
                    ["Security:Jwt:Issuer"] = "https://issuer.example",
                    ["Security:Jwt:PublicKeyFile"] = file,
                };
            }
        }
    }
}
