using System.Net;
using DelayQueueApi.Tests.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.TestHost;

namespace DelayQueueApi.Tests.Dashboard;

/// <summary>The files of the dashboard, as browsers get them.</summary>
public sealed class DashboardTests(EmbeddedApi api) : IClassFixture<EmbeddedApi>
{
    [Theory]
    [InlineData("/")]
    [InlineData("/dashboard")]
    [InlineData("/dashboard/")]
    public async Task The_dashboard_is_where_people_look_for_it(string path)
    {
        var answer = await api.GetAsync(path);

        Assert.Equal("/dashboard/", answer.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Contains("<main id=\"main\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_are_relative_so_that_a_proxy_may_put_a_prefix_before_them()
    {
        using var client = ((TestServer)api.Service<IServer>()).CreateClient();

        var answer = await client.GetAsync(new Uri("/dashboard", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("dashboard/", answer.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("", "text/html; charset=utf-8")]
    [InlineData("app.js", "text/javascript; charset=utf-8")]
    [InlineData("pages/overview.js", "text/javascript; charset=utf-8")]
    [InlineData("style.css", "text/css; charset=utf-8")]
    [InlineData("icon.svg", "image/svg+xml")]
    [InlineData("vendor/uplot/uPlot.esm.js", "text/javascript; charset=utf-8")]
    [InlineData("vendor/uplot/LICENSE", "text/plain; charset=utf-8")]
    public async Task Each_file_has_its_type(string file, string type)
    {
        var answer = await api.GetAsync($"/dashboard/{file}");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(type, answer.Content.Headers.ContentType!.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("app.js")]
    [InlineData("style.css")]
    public async Task Browsers_are_told_to_trust_nothing_else(string file)
    {
        var answer = await api.GetAsync($"/dashboard/{file}");

        Assert.Equal(
            "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
            Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
    }

    [Fact]
    public async Task What_a_browser_has_already_is_not_sent_again()
    {
        var first = await api.GetAsync("/dashboard/app.js");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/dashboard/app.js");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        var answer = await api.Client.SendAsync(again, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotModified, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl!.NoCache);
        Assert.Contains("Content-Security-Policy", answer.Headers.Select(header => header.Key));
    }

    [Theory]
    [InlineData("/dashboard/none.js")]
    [InlineData("/dashboard/index.html")]
    [InlineData("/dashboard/pages/")]
    [InlineData("/dashboard/%2e%2e/appsettings.json")]
    [InlineData("/dashboard/pages/..%2f..%2fProgram.cs")]
    public async Task An_unknown_file_is_404(string path) =>
        await Api.AssertProblemAsync(await api.GetAsync(path), HttpStatusCode.NotFound, "not-found");
}
