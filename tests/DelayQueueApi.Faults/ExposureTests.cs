using System.Net;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>A service that others can reach does not run without a way to tell who they are.</summary>
public sealed class ExposureTests
{
    [Theory]
    [InlineData("Kestrel__Endpoints__All__Url", "http://0.0.0.0:0")]
    [InlineData("Kestrel__Endpoints__All__Url", "http://[::]:0")]
    public async Task Without_keys_it_ends_at_once_and_says_why(string name, string value)
    {
        await using var service = ServiceProcess.OnEmbedded().With(name, value);

        Assert.Equal(1, await service.StartInVainAsync());

        Assert.Contains("Refused to run: others can reach http://", service.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_runs_where_somebody_insists()
    {
        await using var service = ServiceProcess.OnEmbedded().With("Kestrel__Endpoints__All__Url", "http://0.0.0.0:0").With("Security__AllowAnonymous", "true");

        await service.StartAsync();

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service));
    }

    [Fact]
    public async Task It_runs_where_there_are_keys()
    {
        await using var service = ServiceProcess.OnEmbedded().With("Kestrel__Endpoints__All__Url", "http://0.0.0.0:0")
            .With("Security__Keys__0__Id", "one").With("Security__Keys__0__SecretHash", new string('0', 64)).With("Security__Keys__0__Scopes", "read");

        await service.StartAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(service));
    }

    [Fact]
    public async Task A_key_that_is_not_valid_ends_it()
    {
        await using var service = ServiceProcess.OnEmbedded().With("Security__Keys__0__Id", "one");

        Assert.NotEqual(0, await service.StartInVainAsync());

        Assert.Contains("Security:Keys:0: SecretHash must be", service.Output, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusAsync(ServiceProcess service)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{service.Client.BaseAddress!.Port}/queues"));
        return answer.StatusCode;
    }
}
