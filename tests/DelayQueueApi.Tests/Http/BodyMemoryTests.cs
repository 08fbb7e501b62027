using System.Net;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace DelayQueueApi.Tests.Http;

/// <summary>Large bodies share an amount of memory; here one of 100 kB that comes slowly takes all of it.</summary>
public sealed class BodyMemoryTests(BodyMemoryTests.Narrow service) : IClassFixture<BodyMemoryTests.Narrow>
{
    private static readonly string Large = $$"""{"payload":"{{new string('x', 100_000)}}"}""";

    [Fact]
    public async Task A_large_body_is_refused_while_others_take_the_room_and_small_ones_are_not()
    {
        using var client = new HttpClient { BaseAddress = service.Address };
        var memory = service.Services.GetRequiredService<BodyMemory>();
        var slow = new SlowContent(Large);
        var first = PostAsync(client, slow);
        await Api.UntilAsync(() => memory.Held > 0 || first.IsCompleted);

        var refused = await PostAsync(client, Text(Large));
        var small = await PostAsync(client, Text("{\"payload\":1}"));
        slow.Finish();

        await Api.AssertProblemAsync(refused, HttpStatusCode.ServiceUnavailable, "overloaded");
        Assert.Contains("\"applied\":\"no\"", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (small.StatusCode, (await first).StatusCode));
        await Api.UntilAsync(() => memory.Held == 0);
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(client, Text(Large))).StatusCode);
    }

    private static ByteArrayContent Text(string text) => Api.Content(Encoding.UTF8.GetBytes(text), "application/json");

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, HttpContent content)
    {
        using (content)
        {
            return await client.PostAsync(new Uri("/jobs", UriKind.Relative), content, TestContext.Current.CancellationToken);
        }
    }

    public sealed class Narrow : RealService
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Limits:BodyMemoryBytes"] = "1" };
    }

    /// <summary>In chunks, the last of which is sent only when the test says so.</summary>
    private sealed class SlowContent : HttpContent
    {
        private readonly TaskCompletionSource finish = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly byte[] text;

        public SlowContent(string text)
        {
            this.text = Encoding.UTF8.GetBytes(text);
            Headers.ContentType = new("application/json");
        }

        public void Finish() => finish.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(text.AsMemory(0, text.Length - 1));
            await stream.FlushAsync();
            await finish.Task;
            await stream.WriteAsync(text.AsMemory(text.Length - 1));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
