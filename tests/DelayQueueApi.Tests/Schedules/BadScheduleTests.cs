using System.Net;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Schedules;

/// <summary>A schedule that is not valid is 400 with the JSON field named, and is not stored.</summary>
public abstract class BadScheduleTests(Api api)
{
    private readonly string name = Api.NewQueue();

    [Theory]
    [InlineData("", "cron", "is required where intervalMs is not given")]
    [InlineData("\"cron\":\"* * * * *\",\"intervalMs\":1000", "cron", "cannot be given together with intervalMs")]
    [InlineData("\"cron\":\"\"", "cron", "is not a cron expression")]
    [InlineData("\"cron\":\"* * * *\"", "cron", "is not a cron expression")]
    [InlineData("\"cron\":\"60 * * * *\"", "cron", "is not a cron expression")]
    [InlineData("\"cron\":\"* * * * * * *\"", "cron", "is not a cron expression")]
    [InlineData("\"cron\":\"H * * * *\"", "cron", "is not a cron expression")]
    [InlineData("\"cron\":\"@often\"", "cron", "is not a cron expression")]
    [InlineData("\"cron\":\"* * * * \\u0000\"", "cron", "is not a cron expression")]
    [InlineData("\"cron\":5", "cron", "must be a string")]
    [InlineData("\"cron\":\"0 0 30 2 *\"", "cron", "never fires")]
    [InlineData("\"cron\":\"0 0 1 1 *\",\"start\":\"2030-01-02T00:00:00Z\",\"end\":\"2030-12-31T23:59:59Z\"", "cron", "never fires")]
    [InlineData("\"cron\":\"0 0 1 1 *\",\"start\":\"9999-12-31T23:59:59.999Z\"", "cron", "never fires")]
    [InlineData("\"cron\":\"0 0 1 1 *\",\"start\":\"9999-12-31T23:59:59.999Z\",\"timeZone\":\"Asia/Tokyo\"", "cron", "never fires")]
    [InlineData("\"cron\":\"0 0 1 1 *\",\"end\":\"1970-01-01T00:00:00Z\"", "cron", "never fires")]
    [InlineData("\"intervalMs\":999", "intervalMs", "must be a whole number from 1000 to 31536000000")]
    [InlineData("\"intervalMs\":31536000001", "intervalMs", "must be a whole number")]
    [InlineData("\"intervalMs\":-1", "intervalMs", "must be a whole number")]
    [InlineData("\"intervalMs\":1.5", "intervalMs", "must be a whole number")]
    [InlineData("\"intervalMs\":1000,\"timeZone\":\"Europe/Atlantis\"", "timeZone", "must be an IANA time zone")]
    [InlineData("\"intervalMs\":1000,\"timeZone\":\"\"", "timeZone", "must be an IANA time zone")]
    [InlineData("\"intervalMs\":1000,\"timeZone\":\"../../etc/passwd\"", "timeZone", "must be an IANA time zone")]
    [InlineData("\"intervalMs\":1000,\"timeZone\":\"/etc/localtime\"", "timeZone", "must be an IANA time zone")]
    [InlineData("\"intervalMs\":1000,\"timeZone\":\"leapseconds\"", "timeZone", "must be an IANA time zone")]
    [InlineData("\"intervalMs\":1000,\"timeZone\":\"Europe\"", "timeZone", "must be an IANA time zone")]
    [InlineData("\"intervalMs\":1000,\"timeZone\":\"europe/berlin\"", "timeZone", "must be an IANA time zone")]
    [InlineData("\"intervalMs\":1000,\"start\":\"2031-01-01T00:00:00Z\",\"end\":\"2030-01-01T00:00:00Z\"", "end", "must not be before start")]
    [InlineData("\"intervalMs\":1000,\"start\":\"tomorrow\"", "start", "must be an RFC 3339 instant")]
    [InlineData("\"intervalMs\":1000,\"misfire\":\"twice\"", "misfire", "must be one of once, skip")]
    [InlineData("\"intervalMs\":1000,\"overlap\":\"never\"", "overlap", "must be one of allow, skip, replace")]
    [InlineData("\"intervalMs\":1000,\"unknown\":1", "unknown", "is not a known field")]
    public async Task A_field_that_is_not_valid_is_named(string fields, string field, string message) =>
        await AssertRefusedAsync($$"""{"job":{"payload":1}{{(fields.Length > 0 ? "," + fields : "")}}}""", field, message);

    [Theory]
    [InlineData("", "job", "is required")]
    [InlineData(",\"job\":null", "job", "must be an object")]
    [InlineData(",\"job\":{}", "job.payload", "is required")]
    [InlineData(",\"job\":{\"payload\":1,\"delayMs\":1}", "delayMs", "is not a known field")]
    [InlineData(",\"job\":{\"payload\":1,\"queue\":\"UPPER\"}", "job.queue", "must be 1 to 64 of")]
    [InlineData(",\"job\":{\"payload\":1,\"priority\":10}", "job.priority", "must be a whole number from 0 to 9")]
    [InlineData(",\"job\":{\"payload\":1,\"backoff\":{\"type\":\"fixed\"}}", "job.backoff.delayMs", "is required")]
    public async Task A_job_that_is_not_valid_is_named(string job, string field, string message) =>
        await AssertRefusedAsync($$"""{"intervalMs":1000{{job}}}""", field, message);

    [Theory]
    [InlineData("UPPER")]
    [InlineData("-a")]
    [InlineData("a%20b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123x")]
    public async Task A_name_is_like_a_queue_s(string bad)
    {
        var answer = await api.PutAsync($"/schedules/{bad}", """{"intervalMs":1000,"job":{"payload":1} }""");

        await Api.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "validation");
        Assert.Contains("\"name\":[\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("101")]
    [InlineData("-1")]
    [InlineData("")]
    [InlineData("1e1")]
    public async Task A_count_out_of_range_is_refused(string count)
    {
        var answer = await api.GetAsync($"/schedules/{name}/next?count={count}");

        await Api.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "validation");
        Assert.Contains("\"count\":[\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payload_over_the_limit_is_refused()
    {
        var answer = await api.PutAsync($"/schedules/{name}", $$"""{"intervalMs":1000,"job":{"payload":"{{new string('x', 1024 * 1024)}}"} }""");

        await Api.AssertProblemAsync(answer, HttpStatusCode.RequestEntityTooLarge, "payload-too-large");
    }

    private async Task AssertRefusedAsync(string body, string field, string message)
    {
        var answer = await api.PutAsync($"/schedules/{name}", body);

        await Api.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "validation");
        Assert.Contains($"\"{field}\":[\"{message}", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/schedules/{name}")).StatusCode);
    }

    public sealed class OnEmbedded(EmbeddedApi api) : BadScheduleTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : BadScheduleTests(api), IClassFixture<RedisApi>;
}
