using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>The service with the keys of <see cref="TestKeys"/>.</summary>
public abstract class KeyedApi(Engine engine) : Api(engine)
{
    protected override IReadOnlyDictionary<string, string> Settings => TestKeys.Settings;

    internal async Task<HttpResponseMessage> SendAsync(TestKey? key, string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key.Text);
        request.Content = body is null ? null : Content(Encoding.UTF8.GetBytes(body), "application/json");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request);
    }

    internal async Task<JsonNode> AskAsync(TestKey key, string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        var answer = await SendAsync(key, method, path, body, headers);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode}: {text}");
        return text.Length > 0 ? JsonNode.Parse(text)! : new JsonObject();
    }

    /// <returns>The job's id.</returns>
    internal async Task<string> ScheduleAsync(TestKey key, string queue, string fields = "") =>
        (string)(await AskAsync(key, "POST", "/jobs", $$"""{"queue":"{{queue}}","payload":1{{fields}}}"""))["id"]!;

    /// <returns>Id and lease token.</returns>
    internal async Task<(string Id, string Token)> LeasedAsync(TestKey key, string queue, string fields = "")
    {
        await ScheduleAsync(key, queue, fields);
        var job = Assert.Single((await AskAsync(key, "POST", "/jobs/claim", $$"""{"queues":["{{queue}}"]}"""))["jobs"]!.AsArray())!;
        return ((string)job["id"]!, (string)job["lease"]!["token"]!);
    }

    /// <summary>What an answer says, without what tells the request.</summary>
    internal static async Task<string> TextAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        var json = text.Length > 0 ? JsonNode.Parse(text) : null;
        Forget(json);
        return $"{(int)answer.StatusCode} {json?.ToJsonString()}";
    }

    private static void Forget(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                fields.Remove("traceId");
                foreach (var (_, value) in fields)
                {
                    Forget(value);
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    Forget(item);
                }

                break;
        }
    }
}

public sealed class KeyedEmbeddedApi(EmbeddedEngine engine) : KeyedApi(engine);

public sealed class KeyedRedisApi(RedisEngine engine) : KeyedApi(engine);

/// <summary>With jobs spread over partitions.</summary>
public sealed class KeyedPartitionedApi(RedisEngine engine) : KeyedApi(engine)
{
    protected override IReadOnlyDictionary<string, string> Settings =>
        new Dictionary<string, string>(TestKeys.Settings) { ["Store:Partitions"] = $"{PartitionedApi.Partitions}" };
}
