using System.Text.Json.Nodes;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>Bodies that are JSON, or nearly, and are meant to hurt. Each is refused with what is wrong.</summary>
public sealed class HostileBodyTests(HostileService service) : IClassFixture<HostileService>
{
    private const string Token = "00000000000000000000000000000000";
    private const string Id = "/jobs/0-01M84XZDE200000FAWMB8EZEZX";

    private static readonly Dictionary<string, (string Path, string Body, int Status, string Type)> Cases = new()
    {
        ["arrays 100,000 deep"] = ("/jobs", $$"""{"payload":{{new string('[', 100_000)}}{{new string(']', 100_000)}}}""", 400, "validation"),
        ["objects 100,000 deep"] = ("/jobs", string.Concat(Enumerable.Repeat("{\"payload\":", 80_000)), 400, "validation"),
        ["100,000 open brackets"] = ("/jobs", new string('[', 100_000), 400, "validation"),
        ["50,000 fields"] = ("/jobs", $$"""{"payload":1,"metadata":{ {{Fields(50_000, i => $"k{i}")}} } }""", 400, "validation"),
        ["25,000 fields of one hash"] = ("/jobs", $$"""{"payload":1,"metadata":{ {{Fields(25_000, Colliding)}} } }""", 400, "validation"),
        ["25,000 unknown fields"] = ("/jobs", $$"""{ {{Fields(25_000, Colliding)}} }""", 400, "validation"),
        ["a field 50,000 times"] = ("/jobs", $$"""{"payload":1,{{Fields(50_000, _ => "queue")}} }""", 400, "validation"),
        ["one field by two spellings"] = ("/jobs", "{\"payload\":1,\"priority\":1,\"\\u0070riority\":2}", 400, "validation"),
        ["a number of a million digits"] = ("/jobs", $$"""{"payload":1,"delayMs":{{new string('9', 1_000_000)}}}""", 400, "validation"),
        ["a number with a huge exponent"] = ("/jobs", """{"payload":1,"delayMs":1e999999999}""", 400, "validation"),
        ["a fraction of nothing"] = ("/jobs", """{"payload":1,"delayMs":1e-999999999}""", 400, "validation"),
        ["the least number"] = ("/jobs", """{"payload":1,"delayMs":-9223372036854775808}""", 400, "validation"),
        ["one less"] = ("/jobs", """{"payload":1,"delayMs":-9223372036854775809}""", 400, "validation"),
        ["a NUL in a name"] = ("/jobs", """{"payload":1,"queue":"a\u0000b"}""", 400, "validation"),
        ["a look-alike letter"] = ("/jobs", """{"payload":1,"queue":"m\u0430il"}""", 400, "validation"),
        ["a wide letter"] = ("/jobs", """{"payload":1,"queue":"\uff4dail"}""", 400, "validation"),
        ["a name from right to left"] = ("/jobs", """{"payload":1,"queue":"mail\u202e"}""", 400, "validation"),
        ["a name with nothing in it"] = ("/jobs", """{"payload":1,"queue":"ma\u200bil"}""", 400, "validation"),
        ["a name with a dotted capital"] = ("/jobs", """{"payload":1,"queue":"ma\u0130l"}""", 400, "validation"),
        ["a name as in the store"] = ("/jobs", """{"payload":1,"queue":"acme/mail"}""", 400, "validation"),
        ["a name as a key of the store"] = ("/jobs", """{"payload":1,"queue":"{0}:jobs"}""", 400, "validation"),
        ["a command of the store"] = ("/jobs", """{"payload":1,"queue":"a\r\nFLUSHALL\r\n"}""", 400, "validation"),
        ["a script of the store"] = ("/jobs", """{"payload":1,"metadata":{"a":1,"b":"]] redis.call('FLUSHALL') --"}}""", 400, "validation"),
        ["a type by name"] = ("/jobs", """{"$type":"System.Diagnostics.Process","payload":1}""", 400, "validation"),
        ["a reference"] = ("/jobs", """{"$id":"1","payload":1,"metadata":{"$ref":"1","a":1}}""", 400, "validation"),
        ["1,001 items"] = ("/jobs/batch", $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat("""{"payload":1}""", 1_001))}}]}""", 400, "validation"),
        ["100,000 items"] = ("/jobs/batch", $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat("{}", 100_000))}}]}""", 400, "validation"),
        ["100,000 queues"] = ("/jobs/claim", $$"""{"queues":[{{string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"q{i}\""))}}]}""", 400, "validation"),
        ["a wait for ever"] = ("/jobs/claim", """{"waitMs":2147483647}""", 400, "validation"),
        ["a negative limit"] = ("/jobs/claim", """{"limit":-1}""", 400, "validation"),
        ["no token"] = ($"{Id}/ack", "{}", 400, "validation"),
        ["a token of zeros"] = ($"{Id}/ack", $$"""{"leaseToken":"{{Token}}"}""", 404, "job-not-found"),
        ["a token that is a number"] = ($"{Id}/ack", """{"leaseToken":-1}""", 400, "validation"),
        ["a token that is negative"] = ($"{Id}/ack", """{"leaseToken":"-1"}""", 404, "job-not-found"),
        ["a token of a megabyte"] = ($"{Id}/ack", $$"""{"leaseToken":"{{new string('f', 1_000_000)}}"}""", 404, "job-not-found"),
        ["a token that is a script"] = ($"{Id}/nack", """{"leaseToken":"\u0000'; return redis.call('FLUSHALL') --"}""", 404, "job-not-found"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_is_refused(string name)
    {
        var (path, body, status, type) = Cases[name];

        var answers = await service.SendAsync(
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        Assert.Equal($"{status} 200", HostileService.Statuses(answers));
        Assert.Contains($"\"type\":\"urn:delayqueue:problem:{type}\"", answers, StringComparison.Ordinal);
        // However much was sent, little comes back.
        Assert.InRange(answers.Length, 0, 8_192);
        await service.AssertWellAsync();
    }

    [Fact]
    public async Task An_ack_that_is_replayed_counts_once()
    {
        var queue = Api.NewQueue();
        using var client = new HttpClient { BaseAddress = service.Address };
        await PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1}""");
        var job = (await PostAsync("/jobs/claim", $$"""{"queues":["{{queue}}"]}"""))!["jobs"]![0]!;

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => PostAsync($"/jobs/{job["id"]}/ack", $$"""{"leaseToken":"{{job["lease"]!["token"]}}"}""")));

        var counts = JsonNode.Parse(await client.GetStringAsync(new Uri($"/queues/{queue}", UriKind.Relative), TestContext.Current.CancellationToken))!;
        Assert.Equal(1, (int)counts["totals"]!["acked"]!);
        await service.AssertWellAsync();

        async Task<JsonNode?> PostAsync(string path, string body)
        {
            using var content = Api.Content(System.Text.Encoding.UTF8.GetBytes(body), "application/json");
            using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode}");
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
    }

    private static string Fields(int count, Func<int, string> name) => string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{name(i)}\":\"\""));

    /// <summary>16 characters, of two-character parts that are equal for hashes by powers of 31.</summary>
    private static string Colliding(int number) => string.Concat(Enumerable.Range(0, 16).Select(bit => (number >> bit & 1) == 0 ? "Aa" : "BB"));
}
