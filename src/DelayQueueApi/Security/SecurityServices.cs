using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Security;

internal static class SecurityServices
{
    public static IServiceCollection AddSecurity(this IServiceCollection services)
    {
        services.AddOptions<SecurityOptions>().BindConfiguration("Security")
            .Validate(security => security.Jwt.IsWhole, "Security:Jwt needs Audience, and Authority, or Issuer and PublicKeyFile.")
            .Validate(security => TrustedProxies.IsValid(security.TrustedProxies), "Security:TrustedProxies must be addresses or networks with commas between them.")
            .Validate(security => security.Namespaces.Values.All(bounds => bounds.IsValid), "Security:Namespaces:<name>: no bound may be negative.")
            .ValidateOnStart();
        services.AddAuthentication().AddJwtBearer(Jwt.Scheme, _ => { });
        return services
            .AddSingleton<IConfigureOptions<JwtBearerOptions>, Jwt>()
            .AddSingleton<KeyRing>()
            .AddSingleton<Callers>()
            .AddSingleton<LocalOnly>()
            .AddSingleton<Audit>()
            .AddSingleton<RateLimits>()
            .AddSingleton<SharedRates>()
            .AddSingleton<WaitingQuota>()
            .AddSingleton<Quotas>()
            .AddHostedService<Exposure>();
    }

    public static void UseSecurity(this WebApplication app)
    {
        // The gate asks for authentication itself, and only where there are keys; else the framework would for every call.
        ((IApplicationBuilder)app).Properties["__AuthenticationMiddlewareSet"] = true;
        app.UseTrustedProxies(app.Services.GetRequiredService<IOptions<SecurityOptions>>().Value.TrustedProxies);
        app.UseMiddleware<Gate>();
    }

    /// <summary>Whether the dashboard and Swagger UI are there.</summary>
    public static bool HasPages(this WebApplication app) => app.Services.GetRequiredService<IOptions<SecurityOptions>>().Value.Pages;
}
