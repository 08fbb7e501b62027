using System.Net;
using System.Text;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>A namespace holds so much in the store and no more; what is there is worked off whatever the quota says.</summary>
public abstract class QuotaTests(Engine engine, int partitions) : IAsyncLifetime
{
    private readonly string queue = Api.NewQueue();
    private readonly Bounded api = new(engine, partitions);

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task A_job_too_many_is_refused_and_the_others_are_worked_off()
    {
        await api.ScheduleAsync(TestKeys.Acme, queue);
        var (id, token) = await api.LeasedAsync(TestKeys.Acme, queue);
        await api.ScheduleAsync(TestKeys.Acme, queue);

        await AssertRefusedAsync(await PostAsync(queue), "jobs");
        await api.AskAsync(TestKeys.Acme, "POST", $"/jobs/{id}/ack", $$"""{"leaseToken":"{{token}}"}""");
        api.Advance(1_000);

        Assert.Equal(HttpStatusCode.Created, (await PostAsync(queue)).StatusCode);
        await AssertRefusedAsync(await PostAsync(queue), "jobs");
        await api.ScheduleAsync(TestKeys.All, queue);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Items_of_a_batch_are_refused_by_themselves()
    {
        var results = await api.AskAsync(TestKeys.Acme, "POST", "/jobs/batch", $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat(Job(queue), 4))}}]}""");

        Assert.Equal("201 201 201 429", string.Join(' ', results["results"]!.AsArray().Select(result => (int)result!["status"]!)));
        Assert.Equal("jobs", (string?)results["results"]![3]!["problem"]!["quota"]);
    }

    [Fact]
    public async Task Bytes_too_many_are_refused_in_new_jobs_and_in_changes()
    {
        var small = await api.ScheduleAsync(TestKeys.Acme, queue);

        await AssertRefusedAsync(await PostAsync(queue, new string('x', 5_000)), "bytes");
        var large = (string)(await api.AskAsync(TestKeys.Acme, "POST", "/jobs", Job(queue, new string('x', 3_000))))["id"]!;
        await AssertRefusedAsync(await api.SendAsync(TestKeys.Acme, "PATCH", $"/jobs/{small}", Large), "bytes");
        await api.AskAsync(TestKeys.Acme, "PATCH", $"/jobs/{large}", """{"payload":"y"}""");
        api.Advance(1_000);

        await api.AskAsync(TestKeys.Acme, "PATCH", $"/jobs/{small}", Large);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Queues_too_many_are_not_made_by_jobs_or_settings()
    {
        await api.AskAsync(TestKeys.Acme, "PUT", $"/queues/{queue}", "{}");
        await api.ScheduleAsync(TestKeys.Acme, Api.NewQueue());
        var another = Api.NewQueue();

        await AssertRefusedAsync(await PostAsync(another), "queues");
        await AssertRefusedAsync(await api.SendAsync(TestKeys.Acme, "PUT", $"/queues/{another}", "{}"), "queues");
        await AssertRefusedAsync(await api.SendAsync(TestKeys.Acme, "POST", $"/queues/{another}/pause"), "queues");

        await api.AskAsync(TestKeys.Acme, "POST", $"/queues/{queue}/pause");
        await api.ScheduleAsync(TestKeys.Acme, queue);
        await api.AskAsync(TestKeys.Acme, "DELETE", $"/queues/{queue}?force=true");
        api.Advance(1_000);
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(another)).StatusCode);
    }

    [Fact]
    public async Task A_follow_up_beyond_it_is_refused_with_its_ack_and_one_takes_the_place_of_the_acked_job()
    {
        await api.ScheduleAsync(TestKeys.Acme, queue);
        await api.ScheduleAsync(TestKeys.Acme, queue);
        var (id, token) = await api.LeasedAsync(TestKeys.Acme, queue);

        var refused = await api.SendAsync(TestKeys.Acme, "POST", $"/jobs/{id}/ack", $$"""{"leaseToken":"{{token}}","then":[{{Job(queue)}},{{Job(queue)}}]}""");

        await AssertRefusedAsync(refused, "jobs");
        Assert.Contains("then[1]", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await api.AskAsync(TestKeys.Acme, "POST", $"/jobs/{id}/ack", $$"""{"leaseToken":"{{token}}","then":[{{Job(queue)}}]}""");
        await AssertRefusedAsync(await PostAsync(queue), "jobs");
    }

    [Fact]
    public async Task What_was_made_before_is_answered_again()
    {
        var once = $$"""{"queue":"{{queue}}","payload":1,"unique":{"key":"k"} }""";
        var first = (string)(await api.AskAsync(TestKeys.Acme, "POST", "/jobs", once, ("Idempotency-Key", queue)))["id"]!;
        await api.ScheduleAsync(TestKeys.Acme, queue);
        await api.ScheduleAsync(TestKeys.Acme, queue);

        Assert.Equal(first, (string?)(await api.AskAsync(TestKeys.Acme, "POST", "/jobs", once, ("Idempotency-Key", queue)))["id"]);
        Assert.Equal(first, (string?)(await api.AskAsync(TestKeys.Acme, "POST", "/jobs", once))["id"]);
    }

    [Fact]
    public async Task A_schedule_makes_no_job_beyond_it_and_goes_on()
    {
        await api.AskAsync(TestKeys.Acme, "PUT", $"/schedules/{queue}", $$"""{"intervalMs":1000,"job":{"queue":"{{queue}}","payload":1} }""");
        for (var fired = 0; fired < 5; fired++)
        {
            api.Advance(1_000);
            await api.FireAsync();
        }

        Assert.Equal(3, await MadeAsync());
        await AssertRefusedAsync(await api.SendAsync(TestKeys.Acme, "POST", $"/schedules/{queue}/trigger"), "jobs");
        await api.AskAsync(TestKeys.Acme, "POST", $"/queues/{queue}/purge", """{"state":"ready"}""");
        api.Advance(1_000);
        await api.FireAsync();
        Assert.Equal(4, await MadeAsync());

        async Task<int> MadeAsync() => (int)(await api.AskAsync(TestKeys.Acme, "GET", $"/queues/{queue}"))["totals"]!["created"]!;
    }

    [Fact]
    public async Task Another_instance_knows_a_second_later()
    {
        using var another = api.AnotherInstance();
        another.DefaultRequestHeaders.Add("X-Api-Key", TestKeys.Acme.Text);

        Assert.Equal(HttpStatusCode.Created, (await ThereAsync()).StatusCode);
        await api.ScheduleAsync(TestKeys.Acme, queue);
        await api.ScheduleAsync(TestKeys.Acme, queue);
        await AssertRefusedAsync(await PostAsync(queue), "jobs");
        api.Advance(1_000);

        await AssertRefusedAsync(await ThereAsync(), "jobs");

        async Task<HttpResponseMessage> ThereAsync()
        {
            using var job = Api.Content(Encoding.UTF8.GetBytes(Job(queue)), "application/json");
            return await another.PostAsync(new Uri("/jobs", UriKind.Relative), job, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_key_is_told_what_is_used()
    {
        await api.ScheduleAsync(TestKeys.Acme, queue);
        await api.LeasedAsync(TestKeys.Acme, queue);
        api.Advance(1_000);

        var quotas = (await api.AskAsync(TestKeys.Acme, "GET", "/whoami"))["quotas"]!;

        Assert.Equal("2 of 3, 1 of 2", $"{quotas["jobs"]!["used"]} of {quotas["jobs"]!["most"]}, {quotas["queues"]!["used"]} of {quotas["queues"]!["most"]}");
        Assert.InRange((int)quotas["bytes"]!["used"]!, 60, 200);
        Assert.Null((await api.AskAsync(TestKeys.All, "GET", "/whoami"))["quotas"]);
    }

    private static string Large => $$"""{"payload":"{{new string('x', 3_000)}}"}""";

    private static string Job(string queue, string payload = "") => $$"""{"queue":"{{queue}}","payload":"{{payload}}"}""";

    private Task<HttpResponseMessage> PostAsync(string queue, string payload = "") => api.SendAsync(TestKeys.Acme, "POST", "/jobs", Job(queue, payload));

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, string quota)
    {
        await Api.AssertProblemAsync(answer, HttpStatusCode.TooManyRequests, "quota-exceeded");
        Assert.Contains($"\"quota\":\"{quota}\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    public sealed class OnEmbedded(EmbeddedEngine engine) : QuotaTests(engine, 1);

    public sealed class OnRedis(RedisEngine engine) : QuotaTests(engine, 1);

    public sealed class InPartitions(RedisEngine engine) : QuotaTests(engine, PartitionedApi.Partitions);

    private sealed class Bounded(Engine engine, int partitions) : KeyedApi(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(TestKeys.Settings)
        {
            ["Store:Partitions"] = $"{partitions}",
            ["Security:Namespaces:acme:Jobs"] = "3",
            ["Security:Namespaces:acme:Bytes"] = "4000",
            ["Security:Namespaces:acme:Queues"] = "2",
        };
    }
}
