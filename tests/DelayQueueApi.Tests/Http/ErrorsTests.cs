using System.Net;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Http;

/// <summary>A defect of the service tells callers nothing of its inside.</summary>
public sealed class ErrorsTests(EmbeddedEngine engine)
{
    [Theory]
    [InlineData("Production", "POST", "/jobs")]
    [InlineData("Production", "GET", "/queues")]
    [InlineData("Development", "POST", "/jobs")]
    [InlineData("Development", "GET", "/queues")]
    public async Task It_is_a_problem_without_a_stack_trace(string environment, string method, string path)
    {
        await using var host = new ApiHost(engine.ConnectionString!, $"errors{Environment.ProcessId}", new FakeTimeProvider(), new Dictionary<string, string>());
        await using var broken = host.WithWebHostBuilder(builder => builder.UseEnvironment(environment).ConfigureTestServices(
            services => services.RemoveAll<StoreClock>().AddSingleton<StoreClock, Broken>()));
        using var client = broken.CreateClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        request.Content = method == "POST" ? Api.Content("{\"payload\":1}"u8.ToArray(), "application/json") : null;

        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);

        await Api.AssertProblemAsync(answer, HttpStatusCode.InternalServerError, "internal");
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("inside", text, StringComparison.Ordinal);
        Assert.DoesNotContain("DelayQueueApi.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
    }

    private sealed class Broken : StoreClock
    {
        public override RedisValue Now => throw new NotSupportedException("What is inside is nobody's business.");
    }
}
