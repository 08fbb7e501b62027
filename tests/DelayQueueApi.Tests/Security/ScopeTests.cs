using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Tests.Hosting;
using Microsoft.AspNetCore.Routing;

namespace DelayQueueApi.Tests.Security;

/// <summary>Which call takes which key, over the calls that there are: docs/security.md has the same table.</summary>
public sealed class ScopeTests(KeyedEmbeddedApi api) : IClassFixture<KeyedEmbeddedApi>
{
    private const string Open = "open", Any = "any";

    private static readonly Dictionary<string, string> Needs = new()
    {
        ["POST /jobs/"] = "produce",
        ["POST /jobs/batch"] = "produce",
        ["PATCH /jobs/{id}"] = "produce",
        ["DELETE /jobs/{id}"] = "produce",
        ["GET /jobs/"] = "read",
        ["GET /jobs/{id}"] = "read",
        ["GET /jobs/{id}/explain"] = "read",
        ["POST /jobs/claim"] = "consume",
        ["POST /jobs/{id}/ack"] = "consume",
        ["POST /jobs/{id}/nack"] = "consume",
        ["POST /jobs/{id}/release"] = "consume",
        ["POST /jobs/{id}/extend"] = "consume",
        ["POST /jobs/settle"] = "consume",
        ["GET /queues/"] = "read",
        ["GET /queues/{queue}"] = "read",
        ["PUT /queues/{queue}"] = "admin",
        ["DELETE /queues/{queue}"] = "admin",
        ["POST /queues/{queue}/pause"] = "admin",
        ["POST /queues/{queue}/resume"] = "admin",
        ["POST /queues/{queue}/purge"] = "admin",
        ["POST /queues/{queue}/redrive"] = "admin",
        ["GET /queues/{queue}/redrive"] = "read",
        ["DELETE /queues/{queue}/redrive"] = "admin",
        ["GET /queues/{queue}/dead"] = "read",
        ["GET /queues/{queue}/due"] = "read",
        ["GET /events/"] = "read",
        ["GET /schedules/"] = "read",
        ["GET /schedules/{name}"] = "read",
        ["GET /schedules/{name}/next"] = "read",
        ["PUT /schedules/{name}"] = "produce",
        ["DELETE /schedules/{name}"] = "produce",
        ["POST /schedules/{name}/pause"] = "produce",
        ["POST /schedules/{name}/resume"] = "produce",
        ["POST /schedules/{name}/trigger"] = "produce",
        ["POST /admin/fsck"] = "operate",
        ["GET /metrics"] = "operate",
        ["GET /info"] = Any,
        ["GET /whoami"] = Any,
        ["GET /health/live"] = Open,
        ["GET /health/ready"] = Open,
    };

    private static readonly Dictionary<string, TestKey> Keys = new()
    {
        ["produce"] = TestKeys.Produce,
        ["consume"] = TestKeys.Consume,
        ["read"] = TestKeys.Read,
        ["admin"] = TestKeys.Admin,
        ["operate"] = TestKeys.Operate,
    };

    public static TheoryData<string> Calls => [.. Needs.Keys];

    [Fact]
    public void Every_call_that_there_is_says_what_it_needs()
    {
        var calls = api.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint => !IsPage(endpoint))
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method => $"{method} {endpoint.RoutePattern.RawText}"));

        Assert.Equal(Needs.Keys.Order(), calls.Order());
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task It_is_answered_401_without_a_key(string call)
    {
        var answer = await SendAsync(call, null);

        if (Needs[call] == Open)
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return;
        }

        await Api.AssertProblemAsync(answer, HttpStatusCode.Unauthorized, "unauthenticated");
        Assert.Equal("Bearer realm=\"delayqueue\"", answer.Headers.WwwAuthenticate.ToString());
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task It_takes_the_scope_that_it_needs_and_no_other(string call)
    {
        foreach (var (scope, key) in Keys)
        {
            var answer = await SendAsync(call, key);

            if (Needs[call] == scope || Needs[call] is Open or Any)
            {
                Assert.True((int)answer.StatusCode is not (401 or 403 or >= 500), $"{scope}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            }
            else
            {
                await Api.AssertProblemAsync(answer, HttpStatusCode.Forbidden, "forbidden");
            }
        }
    }

    [Theory]
    [InlineData("/dashboard/", 200)]
    [InlineData("/dashboard/app.js", 200)]
    [InlineData("/swagger/index.html", 200)]
    [InlineData("/swagger/v1/swagger.json", 200)]
    [InlineData("/nothing", 404)]
    public async Task Pages_need_no_key(string path, int status) =>
        Assert.Equal(status, (int)(await api.SendAsync(null, "GET", path)).StatusCode);

    [Fact]
    public async Task Whoami_tells_what_a_key_may_do()
    {
        var mine = await Api.ReadAsync(await api.SendAsync(TestKeys.Mine, "GET", "/whoami"), WireJson.Default.WhoAmIResponse);

        Assert.Equal(("mine", "default"), (mine.Id, mine.Namespace));
        Assert.Equal(["mine*"], mine.Queues);
        Assert.Equal(4, mine.Scopes.Count);
    }

    private static bool IsPage(RouteEndpoint endpoint) => endpoint.RoutePattern.RawText!.TrimStart('/') is "" or ['d', 'a', 's', 'h', ..] or ['s', 'w', 'a', 'g', ..];

    private Task<HttpResponseMessage> SendAsync(string call, TestKey? key)
    {
        var (method, path) = call.Split(' ') is [var verb, var pattern] ? (verb, pattern) : default;
        path = path.Replace("{id}", "0-01M84XZDE200000FAWMB8EZEZX", StringComparison.Ordinal)
            .Replace("{queue}", "scopes", StringComparison.Ordinal).Replace("{name}", "scopes", StringComparison.Ordinal);
        return api.SendAsync(key, method, path, method is "GET" or "DELETE" ? null : "{}");
    }
}
