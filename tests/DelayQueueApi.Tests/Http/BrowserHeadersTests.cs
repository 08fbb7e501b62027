using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Http;

/// <summary>What browsers are told.</summary>
public sealed class BrowserHeadersTests(EmbeddedApi api) : IClassFixture<EmbeddedApi>
{
    [Theory]
    [InlineData("/queues", "default-src 'none'")]
    [InlineData("/nothing", "default-src 'none'")]
    [InlineData("/queues/none", "default-src 'none'")]
    [InlineData("/dashboard/", "default-src 'self'")]
    [InlineData("/swagger/index.html", "default-src 'self'")]
    public async Task Nobody_frames_an_answer_takes_it_for_something_else_or_learns_its_address(string path, string policy)
    {
        using var answer = await api.GetAsync(path);

        var told = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith(policy, told, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", told, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        Assert.False(answer.Headers.Contains("Server"));
    }
}
