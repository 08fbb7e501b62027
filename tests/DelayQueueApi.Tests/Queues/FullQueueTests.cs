using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Leases;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

/// <summary>The setting maxLength.</summary>
public abstract class FullQueueTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Scheduled_ready_and_leased_jobs_fill_a_queue_and_dead_and_completed_ones_do_not()
    {
        await api.DeadAsync(queue, 2);
        await api.SettleAsync(await LeasedAsync("\"retentionMs\":60000"), "ack");
        await api.SetQueueAsync(queue, "\"maxLength\":3");
        await LeasedAsync();
        await api.ScheduleAsync(queue, "\"priority\":9");
        await api.ScheduleAsync(queue, "\"delayMs\":1000");

        var refused = await PostAsync();

        await Api.AssertProblemAsync(refused, HttpStatusCode.TooManyRequests, "queue-full");
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.Equal(6, (await api.QueueAsync(queue)).Totals.Created);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("ack", HttpStatusCode.Created)]
    [InlineData("dead", HttpStatusCode.Created)]
    [InlineData("cancel", HttpStatusCode.Created)]
    [InlineData("nack", HttpStatusCode.TooManyRequests)]
    [InlineData("release", HttpStatusCode.TooManyRequests)]
    public async Task What_leaves_a_full_queue_makes_room(string call, HttpStatusCode status)
    {
        await api.SetQueueAsync(queue, "\"maxLength\":1");
        var job = await LeasedAsync();

        if (call == "cancel")
        {
            await api.SettleAsync(job, "release");
            await api.CancelAsync(job.Id);
        }
        else
        {
            await api.SettleAsync(job, call == "dead" ? "nack" : call, call == "dead" ? "\"dead\":true" : "");
        }

        Assert.Equal(status, (await PostAsync()).StatusCode);
    }

    [Fact]
    public async Task Items_of_a_batch_are_made_until_the_queue_is_full()
    {
        await api.SetQueueAsync(queue, "\"maxLength\":150");

        var results = await api.BatchAsync(queue, 250);

        Assert.All(results.Take(150), result => Assert.Equal(201, result.Status));
        Assert.All(results.Skip(150), result => Assert.EndsWith(":queue-full", result.Problem!.Type, StringComparison.Ordinal));
        Assert.Equal(150, (await api.QueueAsync(queue)).Ready);
    }

    [Fact]
    public async Task Of_many_jobs_at_the_same_time_as_many_are_made_as_there_is_room_for()
    {
        await api.SetQueueAsync(queue, "\"maxLength\":20");

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => PostAsync()));

        Assert.Equal((20, 80), (answers.Count(answer => answer.StatusCode == HttpStatusCode.Created), answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests)));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_full_queue_still_replays_returns_and_replaces()
    {
        await api.SetQueueAsync(queue, "\"maxLength\":2");
        var body = Body("\"unique\":{\"key\":\"k\"},\"idempotencyKey\":\"" + queue + "\"");
        var first = await Api.ReadAsync(await api.PostAsync("/jobs", body), WireJson.Default.Job, HttpStatusCode.Created);
        await api.ScheduleAsync(queue);

        Assert.Equal(HttpStatusCode.Created, (await api.PostAsync("/jobs", body)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await api.PostAsync("/jobs", Body("\"unique\":{\"key\":\"k\"}"))).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await api.PostAsync("/jobs", Body("\"unique\":{\"key\":\"k\",\"onConflict\":\"replace\"}"))).StatusCode);

        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{first.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await PostAsync()).StatusCode);
        Assert.Equal((2, 3), ((await api.QueueAsync(queue)).Ready, (await api.QueueAsync(queue)).Totals.Created));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_takes_the_place_of_an_expired_one_that_had_its_unique_key()
    {
        await api.PutAsync($"/queues/{queue}", "{\"maxLength\":1}");
        await api.ScheduleAsync(queue, "\"ttlMs\":1000,\"unique\":{\"key\":\"k\"}");
        api.Advance(1000);

        var second = await api.ScheduleAsync(queue, "\"unique\":{\"key\":\"k\"}");

        Assert.Equal(second.Id, (await api.ClaimOneAsync(queue)).Id);
        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Expired);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_schedule_passes_an_instant_over_and_its_trigger_is_refused()
    {
        await api.SetQueueAsync(queue, "\"maxLength\":1");
        var job = await api.ScheduleAsync(queue);
        await api.PutAsync($"/schedules/{queue}", $$"""{"intervalMs":60000,"job":{"payload":1,"queue":"{{queue}}"} }""");
        api.Advance(60_000);
        await api.FireAsync();
        var trigger = await api.PostAsync($"/schedules/{queue}/trigger", "");
        var passed = await Api.ReadAsync(await api.GetAsync($"/schedules/{queue}"), WireJson.Default.Schedule);

        await Api.AssertProblemAsync(trigger, HttpStatusCode.TooManyRequests, "queue-full");
        Assert.Equal(TimeSpan.FromSeconds(1), trigger.Headers.RetryAfter?.Delta);
        Assert.Equal((null, null, api.Clock.GetUtcNow().AddMinutes(1)), (passed.LastAt, passed.LastJobId, passed.NextAt));

        await api.CancelAsync(job.Id);
        api.Advance(60_000);
        await api.FireAsync();
        Assert.Equal(queue, (await api.ClaimOneAsync(queue)).Metadata!["schedule"]);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_full_queue_of_chains_goes_on_chaining()
    {
        await api.SetQueueAsync(queue, "\"maxLength\":30");
        await api.BatchAsync(queue, 30);
        for (var i = 0; i < 3; i++)
        {
            var jobs = await api.ClaimAsync(queue, "\"limit\":30");

            var answers = await SettleAsync(jobs.Select(job => Ack(job, Body())));

            Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        }

        Assert.Equal((30, 120), ((await api.QueueAsync(queue)).Ready, (await api.QueueAsync(queue)).Totals.Created));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await PostAsync()).StatusCode);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Jobs_that_end_make_room_for_the_follow_ups_of_those_that_end_with_them()
    {
        await api.SetQueueAsync(queue, "\"maxLength\":30");
        await api.BatchAsync(queue, 30);
        var jobs = await api.ClaimAsync(queue, "\"limit\":30");

        var answers = await SettleAsync(jobs.Select((job, i) => i < 15 ? Ack(job) : i < 29 ? Ack(job, Body(), Body()) : Ack(job, Body(), Body(), Body())));

        Assert.Equal([204, 200, 429], answers.Select(answer => answer.Status).Distinct());
        Assert.Equal((28, 1), ((await api.QueueAsync(queue)).Ready, (await api.QueueAsync(queue)).Leased));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_follow_up_that_replaces_a_job_takes_no_room_from_the_next_one()
    {
        await api.SetQueueAsync(queue, "\"maxLength\":2");
        await api.ScheduleAsync(queue, "\"unique\":{\"key\":\"k\"},\"delayMs\":1000");
        var elsewhere = Api.NewQueue();
        await api.ScheduleAsync(elsewhere);
        var job = await api.ClaimOneAsync(elsewhere);

        var answers = await SettleAsync([Ack(job, Body("\"unique\":{\"key\":\"k\",\"onConflict\":\"replace\"}"), Body())]);

        Assert.Equal(200, Assert.Single(answers).Status);
        Assert.Equal((2, 1), ((await api.QueueAsync(queue)).Ready, (await api.QueueAsync(queue)).Totals.Cancelled));
        await api.AssertSoundAsync();
    }

    private Task<ClaimJobs.ClaimedJob> LeasedAsync(string fields = "") => api.LeasedAsync(queue, fields);

    private string Body(string fields = "") => $$"""{"queue":"{{queue}}","payload":1{{(fields.Length > 0 ? "," + fields : "")}}}""";

    private Task<HttpResponseMessage> PostAsync() => api.PostAsync("/jobs", Body());

    private static string Ack(ClaimJobs.ClaimedJob job, params string[] then) =>
        $$"""{"id":"{{job.Id}}","leaseToken":"{{job.Lease.Token}}"{{(then.Length > 0 ? $",\"then\":[{string.Join(',', then)}]" : "")}}}""";

    private async Task<IReadOnlyList<SettleJobs.Result>> SettleAsync(IEnumerable<string> acks) =>
        (await Api.ReadAsync(await api.PostAsync("/jobs/settle", $$"""{"acks":[{{string.Join(',', acks)}}]}"""), WireJson.Default.SettleJobsResponse)).Results;

    public sealed class OnEmbedded(EmbeddedApi api) : FullQueueTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : FullQueueTests(api), IClassFixture<RedisApi>;
}
