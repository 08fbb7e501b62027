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

    [Fact]
    public async Task Swagger_UI_is_there()
    {
        var answer = await api.Client.GetStringAsync(new Uri("/swagger/index.html", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains("swagger-ui", answer, StringComparison.Ordinal);
    }
}
