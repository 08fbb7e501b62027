using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class ScheduleJobsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Every_item_is_made_or_refused_by_itself_and_answered_in_order()
    {
        var results = await BatchAsync($$"""{"queue":"{{queue}}","payload":[1],"delayMs":5}""", "{\"payload\":1,\"delay\":5}", "null", "{}", $$"""{"queue":"{{queue}}","payload":{"b": 2} }""");

        Assert.Equal([201, 400, 400, 400, 201], results.Select(result => result.Status));
        Assert.Equal(["delay", "$", "payload"], results.Where(result => result.Problem is not null).Select(result => Assert.Single(result.Problem!.Errors!).Key));
        Assert.Equal((await api.JobAsync(results[0].Job!.Id)) with { Payload = default }, results[0].Job! with { Payload = default });
        Assert.Equal("{\"b\": 2}", System.Text.Encoding.UTF8.GetString((await api.JobAsync(results[4].Job!.Id)).Payload.Utf8.Span));
        Assert.Equal(2, (await api.QueueAsync(queue)).Totals.Created);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_thousand_items_are_made_in_order()
    {
        var results = await BatchAsync([.. Enumerable.Range(0, 1000).Select(i => $$"""{"queue":"{{queue}}","payload":{{i}}}""")]);

        Assert.All(results, result => Assert.Equal(201, result.Status));
        var ids = results.Select(result => result.Job!.Id).ToArray();
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.Equal(ids[..100], (await api.ClaimAsync(queue, "\"limit\":100")).Select(job => job.Id));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public async Task A_batch_has_1_to_1000_items(int count) => await Api.AssertProblemAsync(
        await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat("{\"payload\":1}", count))}}]}"""), HttpStatusCode.BadRequest, "validation");

    [Fact]
    public async Task An_item_s_idempotency_key_makes_one_job_whatever_is_sent_again()
    {
        var item = $$"""{"queue":"{{queue}}","payload":1,"idempotencyKey":"{{queue}}"}""";

        var first = await BatchAsync(item, item.Replace(":1,", ":2,", StringComparison.Ordinal), item);
        var again = await BatchAsync(item);

        Assert.Equal([201, 422, 201], first.Select(result => result.Status));
        Assert.Equal([null, null, true], first.Select(result => result.Replayed));
        Assert.Equal((first[0].Job!.Id, true), (again[0].Job!.Id, again[0].Replayed));
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Created);
    }

    [Fact]
    public async Task A_key_is_given_once()
    {
        var body = $$"""{"queue":"{{queue}}","payload":1,"idempotencyKey":"field"}""";

        await Api.AssertProblemAsync(await api.PostWithKeyAsync("header", body), HttpStatusCode.BadRequest, "validation");
        await Api.AssertProblemAsync(
            await api.PostAsync("/jobs", body.Replace("field", "", StringComparison.Ordinal)), HttpStatusCode.BadRequest, "validation");
    }

    [Fact]
    public async Task Payloads_of_a_batch_have_the_limit_of_a_single_one_and_the_body_one_of_its_own()
    {
        var large = new string('x', (1024 * 1024) - 2);

        var results = await BatchAsync(Item(large), Item(large + "x"), Item(large));
        var tooLarge = await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat(Item(large), 17))}}]}""");

        Assert.Equal([201, 413, 201], results.Select(result => result.Status));
        await Api.AssertProblemAsync(tooLarge, HttpStatusCode.RequestEntityTooLarge, "payload-too-large");
        Assert.Equal(2, (await api.QueueAsync(queue)).Totals.Created);

        string Item(string payload) => $$"""{"queue":"{{queue}}","payload":"{{payload}}"}""";
    }

    [Fact]
    public async Task A_waiting_claim_is_woken()
    {
        var waiting = await api.WaitAsync(queue, "\"waitMs\":60000,\"limit\":9");

        await BatchAsync($$"""{"queue":"{{queue}}","payload":1}""", $$"""{"queue":"{{queue}}","payload":2}""");

        Assert.Equal(2, (await waiting).Count);
    }

    private async Task<IReadOnlyList<ScheduleJobs.Result>> BatchAsync(params string[] items) => (await Api.ReadAsync(
        await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{string.Join(',', items)}}]}"""), WireJson.Default.ScheduleJobsResponse)).Results;

    public sealed class OnEmbedded(EmbeddedApi api) : ScheduleJobsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ScheduleJobsTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : ScheduleJobsTests(api), IClassFixture<PartitionedApi>;
}
