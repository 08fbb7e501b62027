using System.Net;
using System.Text;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Receipts;

/// <summary>The header Durability on stores that have no replicas. Redis syncs its file once a second here.</summary>
public sealed class DurabilityTests
{
    /// <summary>Method, path and body of calls that write; each has its effect or finds nothing to do.</summary>
    public static TheoryData<string, string, string> Writes => new()
    {
        { "POST", "/jobs", """{"queue":"receipts","payload":1}""" },
        { "POST", "/jobs/batch", """{"jobs":[{"queue":"receipts","payload":1}]}""" },
        { "POST", "/jobs/claim", """{"queues":["receipts"]}""" },
        { "POST", "/jobs/settle", """{"acks":[{"id":"0-01M83VNRT5000009VMC8KNA3D9","leaseToken":"none"}]}""" },
        { "PUT", "/queues/receipts", "{}" },
        { "POST", "/queues/receipts/purge", """{"state":"dead"}""" },
        { "DELETE", "/queues/receipts?force=true", "" },
    };

    public sealed class OnEmbedded(RealService service) : IClassFixture<RealService>, IDisposable
    {
        private readonly HttpClient client = new() { BaseAddress = service.Address };

        public void Dispose() => client.Dispose();

        [Theory]
        [MemberData(nameof(Writes), MemberType = typeof(DurabilityTests))]
        public async Task Every_write_is_on_disk_before_it_is_answered(string method, string path, string body)
        {
            await SendAsync(client, null, "PUT", "/queues/receipts", "{}");

            var answer = await SendAsync(client, "fsync", method, path, body);

            Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
            Assert.Equal("fsync", Assert.Single(answer.Headers.GetValues("Durability")));
        }

        [Fact]
        public async Task A_change_and_a_cancel_tell_it_too()
        {
            var job = (await SendAsync(client, null, "POST", "/jobs", """{"queue":"changed","payload":1,"delayMs":60000}""")).Headers.Location!.OriginalString;

            var answers = new[] { await SendAsync(client, "fsync", "PATCH", job, """{"delayMs":5}"""), await SendAsync(client, "fsync", "DELETE", job) };

            Assert.All(answers, answer => Assert.Equal("fsync", Assert.Single(answer.Headers.GetValues("Durability"))));
        }

        [Fact]
        public async Task Replicas_are_refused_before_anything_is_written()
        {
            var queue = Api.NewQueue();

            var answer = await SendAsync(client, "replicated=1", "POST", "/jobs", $$"""{"queue":"{{queue}}","payload":1}""");

            await AssertRefusedAsync(answer, HttpStatusCode.BadRequest, "durability-unsupported");
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(client, null, "GET", $"/queues/{queue}")).StatusCode);
        }

        [Theory]
        [InlineData("disk")]
        [InlineData("Fsync")]
        [InlineData("fsync,")]
        [InlineData("fsync, fsync")]
        [InlineData("replicated")]
        [InlineData("replicated=")]
        [InlineData("replicated=0")]
        [InlineData("replicated=-1")]
        [InlineData("replicated=101")]
        [InlineData("replicated=1, replicated=2")]
        public async Task Other_words_are_refused(string header)
        {
            await Api.AssertInvalidAsync(await SendAsync(client, header, "POST", "/jobs", """{"queue":"receipts","payload":1}"""), "Durability");
            await Api.AssertInvalidAsync(await SendAsync(client, header, "PUT", "/queues/receipts", "{}"), "Durability");
        }

        [Fact]
        public async Task What_is_refused_for_another_reason_has_no_receipt()
        {
            var answer = await SendAsync(client, "fsync", "DELETE", "/jobs/0-01M83VNRT5000009VMC8KNA3D9");

            await Api.AssertProblemAsync(answer, HttpStatusCode.NotFound, "job-not-found");
            Assert.False(answer.Headers.Contains("Durability"));
        }

        [Fact]
        public async Task What_only_reads_has_no_receipt()
        {
            var answer = await SendAsync(client, "replicated=1", "GET", "/queues");

            Assert.Equal((HttpStatusCode.OK, false), (answer.StatusCode, answer.Headers.Contains("Durability")));
        }
    }

    public sealed class OnRedis(RedisApi api) : IClassFixture<RedisApi>
    {
        [Fact]
        public async Task Replicas_that_are_not_there_are_refused_before_anything_is_written()
        {
            var queue = Api.NewQueue();

            var answer = await SendAsync(api.Client, "replicated=1", "POST", "/jobs", $$"""{"queue":"{{queue}}","payload":1}""");

            await AssertRefusedAsync(answer, HttpStatusCode.ServiceUnavailable, "durability-not-achieved");
            Assert.NotNull(answer.Headers.RetryAfter);
            Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/queues/{queue}")).StatusCode);
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string? durability, string method, string path, string body = "")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Durability", durability is null ? [] : [durability]);
        if (body.Length > 0)
        {
            request.Content = Api.Content(Encoding.UTF8.GetBytes(body), "application/json");
        }

        return await client.SendAsync(request);
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, HttpStatusCode status, string type)
    {
        await Api.AssertProblemAsync(answer, status, type);
        Assert.Contains("\"applied\":\"no\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
