using System.Net;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Contract;

/// <summary>openapi.yaml at the top of the repository is what the service serves.</summary>
public sealed class OpenApiTests(EmbeddedApi api) : IClassFixture<EmbeddedApi>
{
    [Fact]
    public async Task The_file_is_what_is_served()
    {
        var served = await api.Client.GetStringAsync(new Uri("/swagger/v1/swagger.yaml", UriKind.Relative), TestContext.Current.CancellationToken);
        var path = Path.Combine(Repository.Root, "openapi.yaml");
        if (Environment.GetEnvironmentVariable("DELAYQUEUE_UPDATE_OPENAPI") == "1")
        {
            await File.WriteAllTextAsync(path, served, TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), served, ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("yaml")]
    public async Task Who_has_it_already_is_not_sent_it_again(string form)
    {
        var address = new Uri($"/swagger/v1/swagger.{form}", UriKind.Relative);
        using var first = await api.Client.GetAsync(address, TestContext.Current.CancellationToken);
        using var again = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { IfNoneMatch = { first.Headers.ETag! } } };

        using var answer = await api.Client.SendAsync(again, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.NotModified, 0), (answer.StatusCode, (await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length));
    }

    [Fact]
    public async Task Swagger_UI_is_there()
    {
        var answer = await api.Client.GetStringAsync(new Uri("/swagger/index.html", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains("swagger-ui", answer, StringComparison.Ordinal);
    }
}
