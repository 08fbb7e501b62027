using System.Net;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>Security:Pages=false</summary>
public sealed class PagesTests(PagesTests.Without api) : IClassFixture<PagesTests.Without>
{
    [Theory]
    [InlineData("/")]
    [InlineData("/dashboard/")]
    [InlineData("/swagger/index.html")]
    [InlineData("/swagger/v1/swagger.json")]
    public async Task There_are_no_pages(string path) => await Api.AssertProblemAsync(await api.GetAsync(path), HttpStatusCode.NotFound, "not-found");

    [Fact]
    public async Task The_calls_are_there() => Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/queues")).StatusCode);

    /// <summary>The service without its pages.</summary>
    public sealed class Without(EmbeddedEngine engine) : Api(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Security:Pages"] = "false" };
    }
}
