using System.Net;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Http;

/// <summary>Bad input is 4xx with the JSON field named, never a 500, and stores nothing.</summary>
public abstract class BadInputTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    /// <summary>As EventSource, which reads /events, and browsers ask.</summary>
    [Theory]
    [InlineData("/jobs/none", "text/event-stream", HttpStatusCode.NotFound, "job-not-found")]
    [InlineData("/none", "text/plain", HttpStatusCode.NotFound, "not-found")]
    [InlineData("/admin/fsck", "text/html", HttpStatusCode.MethodNotAllowed, "method-not-allowed")]
    [InlineData("/queues?limit=0", "image/png", HttpStatusCode.BadRequest, "validation")]
    public async Task A_problem_is_whole_whatever_the_caller_takes(string path, string accept, HttpStatusCode status, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept", accept);

        var answer = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        await Api.AssertProblemAsync(answer, status, type);
        Assert.Contains("\"title\":\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"delayMs\":-1", "delayMs")]
    [InlineData("\"delayMs\":1.5", "delayMs")]
    [InlineData("\"delayMs\":1e400", "delayMs")]
    [InlineData("\"delayMs\":\"5\"", "delayMs")]
    [InlineData("\"delayMs\":99999999999999999999", "delayMs")]
    [InlineData("\"delayMs\":250000000000001", "delayMs")]
    [InlineData("\"delayMs\":0,\"runAt\":\"2030-01-01T00:00:00Z\"", "delayMs")]
    [InlineData("\"runAt\":\"10000-01-01T00:00:00Z\"", "runAt")]
    [InlineData("\"runAt\":\"9999-12-31T23:59:59.9999Z\"", "runAt")]
    [InlineData("\"runAt\":\"9999-12-31T23:59:59.999-01:00\"", "runAt")]
    [InlineData("\"runAt\":\"2030-01-01T00:00:00\"", "runAt")]
    [InlineData("\"runAt\":\"2030-02-30T00:00:00Z\"", "runAt")]
    [InlineData("\"runAt\":1893456000", "runAt")]
    [InlineData("\"priority\":10", "priority")]
    [InlineData("\"priority\":-1", "priority")]
    [InlineData("\"priority\":true", "priority")]
    [InlineData("\"maxAttempts\":0", "maxAttempts")]
    [InlineData("\"maxAttempts\":1001", "maxAttempts")]
    [InlineData("\"leaseMs\":999", "leaseMs")]
    [InlineData("\"leaseMs\":43200001", "leaseMs")]
    [InlineData("\"ttlMs\":0", "ttlMs")]
    [InlineData("\"ttlMs\":-1", "ttlMs")]
    [InlineData("\"ttlMs\":31536000001", "ttlMs")]
    [InlineData("\"ttlMs\":1.5", "ttlMs")]
    [InlineData("\"ttlMs\":\"1000\"", "ttlMs")]
    [InlineData("\"retentionMs\":-1", "retentionMs")]
    [InlineData("\"retentionMs\":31536000001", "retentionMs")]
    [InlineData("\"retentionMs\":1e400", "retentionMs")]
    [InlineData("\"retentionMs\":true", "retentionMs")]
    [InlineData("\"unique\":\"k\"", "unique")]
    [InlineData("\"unique\":{}", "unique.key")]
    [InlineData("\"unique\":{\"key\":null}", "unique.key")]
    [InlineData("\"unique\":{\"key\":1}", "unique.key")]
    [InlineData("\"unique\":{\"key\":\"\"}", "unique.key")]
    [InlineData("\"unique\":{\"key\":\"ü\"}", "unique.key")]
    [InlineData("\"unique\":{\"key\":\"a\\nb\"}", "unique.key")]
    [InlineData("\"unique\":{\"key\":\"a\\u0000\"}", "unique.key")]
    [InlineData("\"unique\":{\"key\":\"a\\u007f\"}", "unique.key")]
    [InlineData("\"unique\":{\"key\":\"k\",\"until\":\"never\"}", "unique.until")]
    [InlineData("\"unique\":{\"key\":\"k\",\"until\":0}", "unique.until")]
    [InlineData("\"unique\":{\"key\":\"k\",\"onConflict\":\"fail\"}", "unique.onConflict")]
    [InlineData("\"unique\":{\"key\":\"k\",\"ttlMs\":1}", "ttlMs")]
    [InlineData("\"metadata\":{\"a\":1}", "metadata.a")]
    [InlineData("\"metadata\":{\"a\":null}", "metadata")]
    [InlineData("\"metadata\":[]", "metadata")]
    [InlineData("\"backoff\":{}", "backoff.type")]
    [InlineData("\"backoff\":{\"type\":\"linear\"}", "backoff.type")]
    [InlineData("\"backoff\":{\"type\":1}", "backoff.type")]
    [InlineData("\"backoff\":{\"type\":\"fixed\"}", "backoff.delayMs")]
    [InlineData("\"backoff\":{\"type\":\"fixed\",\"delayMs\":1,\"factor\":2}", "backoff.factor")]
    [InlineData("\"backoff\":{\"type\":\"exponential\",\"delayMs\":1,\"factor\":0.5}", "backoff.factor")]
    [InlineData("\"backoff\":{\"type\":\"exponential\",\"delayMs\":-1}", "backoff.delayMs")]
    [InlineData("\"backoff\":{\"type\":\"delays\",\"delaysMs\":[]}", "backoff.delaysMs")]
    [InlineData("\"backoff\":{\"type\":\"delays\",\"delaysMs\":[-1]}", "backoff.delaysMs")]
    [InlineData("\"Priority\":1", "Priority")]
    [InlineData("\"unknown\":1", "unknown")]
    [InlineData("\"priority\":1,\"priority\":2", "priority")]
    [InlineData("\"metadata\":{\"a\":\"\\ud800\"}", "metadata.a")]
    public async Task A_field_that_is_not_valid_is_named(string fields, string field) =>
        await AssertRefusedAsync($$"""{"queue":"{{queue}}","payload":1,{{fields}}}""", field);

    [Theory]
    [InlineData("{\"payload\":1,\"queue\":\"UPPER\"}", "queue")]
    [InlineData("{\"payload\":1,\"queue\":\"\"}", "queue")]
    [InlineData("{\"payload\":1,\"queue\":\"-a\"}", "queue")]
    [InlineData("{\"payload\":1,\"queue\":\"a b\"}", "queue")]
    [InlineData("{\"payload\":1,\"queue\":\"a\\n\"}", "queue")]
    [InlineData("{\"payload\":1,\"queue\":\"a/b\"}", "queue")]
    [InlineData("{\"payload\":1,\"queue\":\"å\"}", "queue")]
    [InlineData("{\"payload\":1,\"queue\":\"0123456789012345678901234567890123456789012345678901234567890123x\"}", "queue")]
    [InlineData("{\"payload\":1,\"queue\":7}", "queue")]
    [InlineData("{}", "payload")]
    [InlineData("{\"payload\":\"\\ud800\"}", "payload")]
    [InlineData("{\"payload\":[{\"\\udc00x\":1}]}", "payload")]
    [InlineData("{\"\\ud800\":1}", "$")]
    [InlineData("{\"payload\":NaN}", "$")]
    [InlineData("{\"payload\":1", "$")]
    [InlineData("{\"payload\":1}x", "$")]
    [InlineData("{\"payload\":1,}", "$")]
    [InlineData("{\"payload\":/*1*/1}", "$")]
    [InlineData("", "$")]
    [InlineData("null", "$")]
    [InlineData("[]", "$")]
    [InlineData("\"text\"", "$")]
    public async Task A_body_that_is_not_valid_is_explained(string body, string field) => await AssertRefusedAsync(body, field);

    [Theory]
    [InlineData(32)]
    [InlineData(10_000)]
    public async Task A_payload_nested_too_deep_is_refused(int depth)
    {
        var body = $$"""{"queue":"{{queue}}","payload":{{new string('[', depth)}}{{new string(']', depth)}}}""";

        await AssertRefusedAsync(body, "$");
        Assert.Contains("more than 32 levels deep", await (await api.PostAsync("/jobs", body)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"ttlMs\":0", "ttlMs", "must be a whole number from 1 to 31536000000")]
    [InlineData("\"retentionMs\":-1", "retentionMs", "must be a whole number from 0 to 31536000000")]
    [InlineData("\"unique\":{\"key\":\"\"}", "unique.key", "must be 1 to 128 printable ASCII characters")]
    public async Task The_bounds_of_a_field_are_told_wherever_a_job_is_described(string field, string name, string message)
    {
        var job = $$"""{"queue":"{{queue}}","payload":1,{{field}}}""";

        var single = await api.PostAsync("/jobs", job);
        var batch = await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{job}}]}""");
        var schedule = await api.PutAsync($"/schedules/{queue}", $$"""{"intervalMs":1000,"job":{{job}} }""");

        Assert.Contains($"\"{name}\":[\"{message}\"]", await single.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains($"\"{name}\":[\"{message}\"]", await batch.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains($"\"job.{name}\":[\"{message}\"]", await schedule.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/queues/{queue}")).StatusCode);
    }

    [Fact]
    public async Task A_unique_key_is_not_too_long_up_to_128_characters() =>
        await AssertRefusedAsync($$"""{"queue":"{{queue}}","payload":1,"unique":{"key":"{{new string('k', 129)}}"} }""", "unique.key");

    [Theory]
    [InlineData("{\"retentionMs\":-1}", "retentionMs")]
    [InlineData("{\"retentionMs\":31536000001}", "retentionMs")]
    [InlineData("{\"maxRetained\":-1}", "maxRetained")]
    [InlineData("{\"maxRetained\":1000001}", "maxRetained")]
    [InlineData("{\"ttlMs\":1}", "ttlMs")]
    public async Task A_setting_that_is_not_valid_is_named_and_makes_no_queue(string settings, string field)
    {
        await Api.AssertInvalidAsync(await api.PutAsync($"/queues/{queue}", settings), field);

        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/queues/{queue}")).StatusCode);
    }

    [Fact]
    public async Task Too_much_metadata_is_refused()
    {
        await AssertRefusedAsync($$"""{"payload":1,"metadata":{"k":"{{new string('x', 4096)}}"} }""", "metadata");
        await AssertRefusedAsync($$"""{"payload":1,"metadata":{ {{string.Join(',', Enumerable.Range(0, 33).Select(i => $"\"k{i}\":\"\""))}} } }""", "metadata");
    }

    [Fact]
    public async Task Text_that_is_not_UTF8_is_refused()
    {
        using var content = Api.Content([.. "{\"payload\":\""u8, 0xff, .. "\"}"u8], "application/json");

        await Api.AssertProblemAsync(await api.Client.PostAsync("/jobs", content, TestContext.Current.CancellationToken), HttpStatusCode.BadRequest, "validation");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    public async Task Only_JSON_in_UTF8_is_taken(string contentType) => await Api.AssertProblemAsync(
        await api.PostAsync("/jobs", "{\"payload\":1}", contentType), HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");

    [Fact]
    public async Task A_payload_of_the_limit_is_taken_and_one_byte_more_is_not()
    {
        var payload = $"\"{new string('x', (1024 * 1024) - 2)}\"";

        await api.ScheduleAsync(queue, payload: payload);
        var larger = await api.PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":{{payload.Insert(1, "x")}}}""");
        var far = await api.PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":"{{new string('x', 2 * 1024 * 1024)}}"}""");

        await Api.AssertProblemAsync(larger, HttpStatusCode.RequestEntityTooLarge, "payload-too-large");
        await Api.AssertProblemAsync(far, HttpStatusCode.RequestEntityTooLarge, "payload-too-large");
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Created);
    }

    [Theory]
    [InlineData("/jobs/nonsense")]
    [InlineData("/jobs/0-01m83vnrt5000009vmc8kna3d9")]
    [InlineData("/jobs/1-01M83VNRT5000009VMC8KNA3D9")]
    [InlineData("/jobs/0-81M83VNRT5000009VMC8KNA3D9")]
    [InlineData("/jobs/0-01M83VNRT5000009VMC8KNA3D9%0a")]
    [InlineData("/jobs/..%2f..%2fetc%2fpasswd")]
    [InlineData("/jobs/%ff")]
    [InlineData("/jobs/*")]
    public async Task Tricks_in_an_id_find_nothing(string path)
    {
        await Api.AssertProblemAsync(await api.GetAsync(path), HttpStatusCode.NotFound, "job-not-found");
        await Api.AssertProblemAsync(await api.Client.DeleteAsync(path, TestContext.Current.CancellationToken), HttpStatusCode.NotFound, "job-not-found");
    }

    [Fact]
    public async Task What_is_not_there_is_a_problem_too()
    {
        await Api.AssertProblemAsync(await api.GetAsync("/nothing"), HttpStatusCode.NotFound, "not-found");
        await Api.AssertProblemAsync(await api.Client.PutAsync("/jobs", null, TestContext.Current.CancellationToken), HttpStatusCode.MethodNotAllowed, "method-not-allowed");
        await Api.AssertProblemAsync(await api.GetAsync("/queues/UPPER"), HttpStatusCode.NotFound, "queue-not-found");
        await Api.AssertProblemAsync(await api.GetAsync($"/queues/{queue}"), HttpStatusCode.NotFound, "queue-not-found");
    }

    private async Task AssertRefusedAsync(string body, string field)
    {
        var answer = await api.PostAsync("/jobs", body);

        await Api.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "validation");
        Assert.Contains($"\"{field}\":[\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/queues/{queue}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync("/queues/default")).StatusCode);
    }

    public sealed class OnEmbedded(EmbeddedApi api) : BadInputTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : BadInputTests(api), IClassFixture<RedisApi>;
}
