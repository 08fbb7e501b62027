using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class IdempotencyKeyTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Theory]
    [InlineData("\"k\"", "k")]
    [InlineData("\"a \\\"b\\\" \\\\ c\"", "a \"b\" \\ c")]
    [InlineData("\"k\";a=1;b", "k")]
    [InlineData("\"k;a=1\"", "k;a=1")]
    [InlineData("\"k\" ", "k")]
    public async Task A_key_in_quotes_is_the_bare_key(string quoted, string bare)
    {
        var (first, second) = (await PostAsync(With(quoted)), await PostAsync(With(bare)));

        Assert.Equal(await IdAsync(first), await IdAsync(second));
        Assert.Equal((false, true), (IsReplayed(first), IsReplayed(second)));
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Created);

        // So that no other test has used the key.
        string With(string key) => key.StartsWith('"') ? key.Insert(1, queue) : queue + key;
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("\"\"")]
    [InlineData("\"k")]
    [InlineData("\"k\"l")]
    [InlineData("\"k\" l")]
    [InlineData("\"k\"\"l\"")]
    [InlineData("\"k\", \"l\"")]
    [InlineData("\"k\\\"")]
    [InlineData("\"k\\l\"")]
    [InlineData("\"kø\"")]
    public async Task Quotes_that_hold_no_key_are_refused(string header) =>
        await Api.AssertInvalidAsync(await PostAsync(header), IdempotencyKey.Header);

    [Fact]
    public async Task Quotes_and_escapes_do_not_count_as_length()
    {
        var key = new string('\\', 200) + new string('k', 255 - 200 - queue.Length) + queue;

        Assert.Equal(HttpStatusCode.Created, (await PostAsync($"\"{key.Replace("\\", "\\\\", StringComparison.Ordinal)}\"")).StatusCode);
        Assert.True(IsReplayed(await PostAsync(key)));
        await Api.AssertInvalidAsync(await PostAsync($"\"{new string('k', 256)}\""), IdempotencyKey.Header);
    }

    [Fact]
    public async Task A_key_is_forgotten_at_the_instant_that_its_request_asks_for()
    {
        var first = await PostAsync(queue, ",\"idempotencyRetentionMs\":5000");
        api.Advance(4999);
        var within = await PostAsync(queue, ",\"idempotencyRetentionMs\":5000");
        api.Advance(1);
        var after = await PostAsync(queue, ",\"idempotencyRetentionMs\":5000");
        api.Advance(4999);
        var again = await PostAsync(queue, ",\"idempotencyRetentionMs\":5000");

        Assert.Equal([false, true, false, true], new[] { first, within, after, again }.Select(IsReplayed));
        Assert.Equal(await IdAsync(first), await IdAsync(within));
        Assert.Equal(await IdAsync(after), await IdAsync(again));
        Assert.NotEqual(await IdAsync(first), await IdAsync(after));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_key_without_a_time_of_its_own_is_forgotten_at_the_end_of_the_services()
    {
        await PostAsync("other " + queue);
        api.Advance(43_200_000);
        await PostAsync(queue);
        api.Advance(86_399_999);

        Assert.True(IsReplayed(await PostAsync(queue)));
        api.Advance(1);
        Assert.False(IsReplayed(await PostAsync(queue)));
    }

    [Fact]
    public async Task A_key_that_is_forgotten_may_be_of_another_body()
    {
        await PostAsync(queue, ",\"idempotencyRetentionMs\":5000");
        api.Advance(4999);
        await Api.AssertProblemAsync(await PostAsync(queue), HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
        api.Advance(1);

        Assert.Equal(HttpStatusCode.Created, (await PostAsync(queue)).StatusCode);
    }

    [Theory]
    [InlineData("999")]
    [InlineData("86400001")]
    [InlineData("604800001")]
    public async Task How_long_a_key_is_known_is_between_a_second_and_the_services_own_time(string ms) =>
        await Api.AssertInvalidAsync(await PostAsync(queue, $",\"idempotencyRetentionMs\":{ms}"), "idempotencyRetentionMs");

    [Fact]
    public async Task Without_a_key_there_is_no_time_to_know_it()
    {
        var item = Body(",\"idempotencyRetentionMs\":5000");

        await Api.AssertInvalidAsync(await api.PostAsync("/jobs", item), "idempotencyRetentionMs");
        var batch = await Api.ReadAsync(await api.PostAsync("/jobs/batch", $"{{\"jobs\":[{item}]}}"), WireJson.Default.ScheduleJobsResponse);

        Assert.Equal("idempotencyRetentionMs", Assert.Single(Assert.Single(batch.Results).Problem!.Errors!).Key);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/queues/{queue}")).StatusCode);
    }

    [Fact]
    public async Task Items_of_a_batch_say_for_themselves_how_long_their_keys_are_known()
    {
        var batch = $$"""{"jobs":[{{Item("a", 1000)}},{{Item("b", 2000)}}]}""";
        await api.PostAsync("/jobs/batch", batch);
        api.Advance(1000);

        var results = (await Api.ReadAsync(await api.PostAsync("/jobs/batch", batch), WireJson.Default.ScheduleJobsResponse)).Results;

        Assert.Equal([null, true], results.Select(result => result.Replayed));
        string Item(string key, int ms) => Body($",\"idempotencyKey\":\"{queue} {key}\",\"idempotencyRetentionMs\":{ms}");
    }

    [Fact]
    public async Task A_repeated_request_gets_the_first_answer_also_after_the_queue_was_set_to_other_attempts()
    {
        await api.SetQueueAsync(queue, "\"maxAttempts\":3");
        var first = await (await PostAsync(queue)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await api.SetQueueAsync(queue, "\"maxAttempts\":7");
        await api.PurgeAsync(queue, "ready");

        var second = await (await PostAsync(queue)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Contains("\"maxAttempts\":3", first, StringComparison.Ordinal);
        Assert.Equal(first, second);
    }

    private string Body(string fields = "") => "{\"queue\":\"" + queue + "\",\"payload\":1" + fields + "}";

    private Task<HttpResponseMessage> PostAsync(string header, string fields = "") => api.PostWithKeyAsync(header, Body(fields));

    private static async Task<string> IdAsync(HttpResponseMessage answer) => (await Api.ReadAsync(answer, WireJson.Default.Job, HttpStatusCode.Created)).Id;

    private static bool IsReplayed(HttpResponseMessage answer) => answer.Headers.Contains("Idempotency-Replayed");

    public sealed class OnEmbedded(EmbeddedApi api) : IdempotencyKeyTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : IdempotencyKeyTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : IdempotencyKeyTests(api), IClassFixture<PartitionedApi>;
}
