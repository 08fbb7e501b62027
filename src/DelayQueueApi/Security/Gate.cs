using DelayQueueApi.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Security;

/// <summary>What every call passes first: where it comes from, who sends it, and whether that one may do such a thing at all.</summary>
internal sealed class Gate(RequestDelegate next, KeyRing keys, LocalOnly local, RateLimits rates, Audit audit, IOptions<SecurityOptions> options)
{
    private readonly bool takesTokens = options.Value.Jwt.IsOn;

    public Task InvokeAsync(HttpContext http)
    {
        if (Framing.Doubt(http) is { } doubt)
        {
            return doubt.ExecuteAsync(http);
        }

        // What is no call of ours, the framework answers: 404 or 405.
        if (http.GetEndpoint() is not RouteEndpoint endpoint)
        {
            return next(http);
        }

        var access = Access.Of(endpoint);
        if (CrossSite.Is(http.Request))
        {
            return RefuseAsync(http, Problems.CrossSite());
        }

        return !access.NeedsKey ? next(http)
            : !keys.IsOpen ? AdmitAsync(http, access)
            : !local.ServesConnection(http) ? RefuseAsync(http, Problems.Unauthenticated())
            : !local.ServesHost(http) ? RefuseAsync(http, Problems.UnknownHost())
            : !rates.AdmitsAddress(http) ? SlowDownAsync(http)
            : access.IsAudited ? AuditAsync(http, Caller.Anonymous)
            : next(http);
    }

    private async Task AdmitAsync(HttpContext http, Access access)
    {
        // Keys are looked up here and not by a scheme of the framework, which takes several times as long to find that.
        var sent = SentKey.Of(http.Request);
        var isToken = takesTokens && sent?.StartsWith(KeyText.Prefix, StringComparison.Ordinal) == false;
        var found = sent is null ? null : isToken ? (await http.AuthenticateAsync(Jwt.Scheme)).Principal as CallerPrincipal : keys.Find(sent);
        if (found is not { Caller: var caller })
        {
            if (!rates.AdmitsAddress(http))
            {
                await SlowDownAsync(http);
                return;
            }

            http.Response.Headers.WWWAuthenticate = sent is null ? "Bearer realm=\"delayqueue\"" : "Bearer realm=\"delayqueue\", error=\"invalid_token\"";
            await RefuseAsync(http, Problems.Unauthenticated());
            return;
        }

        if (!await rates.AdmitsAsync(http, caller))
        {
            await SlowDownAsync(http);
            return;
        }

        if (!access.LetsIn(caller.Granted))
        {
            await RefuseAsync(http, Problems.Forbidden(), caller);
            return;
        }

        http.User = found;
        if (access.IsAudited)
        {
            await AuditAsync(http, caller);
            return;
        }

        await next(http);
        if (http.Response.StatusCode == StatusCodes.Status403Forbidden)
        {
            audit.Refused(http, caller);
        }
        else if (http.Features.Get<RefusedItems>() is { } items)
        {
            audit.RefusedIn(http, caller, items);
        }
    }

    private async Task AuditAsync(HttpContext http, Caller caller)
    {
        await next(http);
        if (http.Response.StatusCode == StatusCodes.Status403Forbidden)
        {
            audit.Refused(http, caller);
        }
        else
        {
            audit.Done(http, caller);
        }
    }

    /// <summary>It is not audited: who sends too much is not to fill the logs with it.</summary>
    private static Task SlowDownAsync(HttpContext http) => Problems.RateLimited().ExecuteAsync(http);

    private async Task RefuseAsync(HttpContext http, ProblemHttpResult problem, Caller? caller = null)
    {
        await problem.ExecuteAsync(http);
        audit.Refused(http, caller);
    }
}
