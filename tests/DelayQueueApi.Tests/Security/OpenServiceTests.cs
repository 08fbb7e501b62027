using System.Net;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>A service without keys serves its own machine, and no page of another site that is open there.</summary>
public sealed class OpenServiceTests(OpenServiceTests.Plain api, OpenServiceTests.ToEverybody open) : IClassFixture<OpenServiceTests.Plain>, IClassFixture<OpenServiceTests.ToEverybody>
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Everybody_may_do_everything()
    {
        var who = await (await api.GetAsync("/whoami")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("""{"id":"anonymous","namespace":"default","scopes":["produce","consume","read","admin","operate"],"queues":["*"]}""", who);
    }

    [Theory]
    [InlineData("cross-site")]
    [InlineData("same-site")]
    public async Task A_page_of_another_site_changes_nothing(string site)
    {
        await Api.AssertProblemAsync(await PauseAsync(("Sec-Fetch-Site", site)), HttpStatusCode.Forbidden, "cross-site");

        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/queues/{queue}")).StatusCode);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("http://localhost:3000")]
    [InlineData("null")]
    public async Task An_older_browser_s_page_of_another_origin_changes_nothing(string origin)
    {
        await Api.AssertProblemAsync(await PauseAsync(("Origin", origin)), HttpStatusCode.Forbidden, "cross-site");
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Origin", "http://localhost")]
    public async Task The_service_s_own_pages_may_change_things(string header, string value) =>
        Assert.Equal(HttpStatusCode.NoContent, (await PauseAsync((header, value))).StatusCode);

    /// <summary>As compose.yaml and the README run it in a container.</summary>
    [Fact]
    public async Task Also_a_service_that_serves_everybody_is_called_by_the_names_that_are_allowed_only()
    {
        Assert.Equal(HttpStatusCode.OK, (await open.SendAsync(null, "GET", "/info", null, ("Host", "localhost"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await open.SendAsync(null, "GET", "/info", null, ("Host", "evil.example"))).StatusCode);
    }

    [Fact]
    public async Task A_page_of_another_site_may_lead_here() =>
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(null, "GET", "/dashboard/", null, ("Sec-Fetch-Site", "cross-site"))).StatusCode);

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:8080")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("192.168.1.5")]
    public async Task It_does_not_answer_to_another_s_name(string host)
    {
        var answer = await api.SendAsync(null, "GET", "/queues", null, ("Host", host), ("Sec-Fetch-Site", "same-origin"));

        await Api.AssertProblemAsync(answer, HttpStatusCode.Forbidden, "unknown-host");
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:8080")]
    [InlineData("127.0.0.1:5000")]
    [InlineData("[::1]:8080")]
    [InlineData("jobs.localhost")]
    public async Task It_answers_to_the_names_of_its_machine(string host) =>
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(null, "GET", "/queues", null, ("Host", host))).StatusCode);

    private Task<HttpResponseMessage> PauseAsync(params (string, string)[] headers) => api.SendAsync(null, "POST", $"/queues/{queue}/pause", null, headers);

    /// <summary>No keys at all.</summary>
    public sealed class Plain(EmbeddedEngine engine) : KeyedApi(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>();
    }

    /// <summary>Also to those that reach it from elsewhere.</summary>
    public sealed class ToEverybody(EmbeddedEngine engine) : KeyedApi(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
        {
            ["Security:AllowAnonymous"] = "true",
            ["AllowedHosts"] = "localhost;127.0.0.1;[::1]",
        };
    }
}
