using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

public abstract class PurgeQueueTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Theory]
    [InlineData("scheduled", 0, 1, 1, 1)]
    [InlineData("ready", 1, 0, 1, 1)]
    [InlineData("dead", 1, 1, 1, 0)]
    public async Task The_jobs_of_one_state_go_and_all_others_stay(string state, int scheduled, int ready, int leased, int dead)
    {
        await api.ScheduleAsync(queue);
        await api.ClaimOneAsync(queue);
        await api.DeadAsync(queue);
        await api.ScheduleAsync(queue, "\"priority\":2");
        await api.ScheduleAsync(queue, "\"delayMs\":1");

        Assert.Equal(1, await api.PurgeAsync(queue, state));
        Assert.Equal(0, await api.PurgeAsync(queue, state));

        var counts = await api.QueueAsync(queue);
        Assert.Equal((scheduled, ready, leased, dead), (counts.Scheduled, counts.Ready, counts.Leased, counts.Dead));
        Assert.Equal(state == "dead" ? (0, 1) : (1, 0), (counts.Totals.Cancelled, counts.Totals.Purged));
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Many_jobs_of_all_priorities_go_in_one_call()
    {
        await Task.WhenAll(Enumerable.Range(0, 250).Select(i => api.ScheduleAsync(queue, $"\"priority\":{i % 10}")));

        Assert.Equal(250, await api.PurgeAsync(queue, "ready"));

        Api.AssertAddsUp(await api.QueueAsync(queue));
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("scheduled", 1, 0)]
    [InlineData("ready", 1, 0)]
    [InlineData("dead", 0, 1)]
    [InlineData("completed", 0, 0)]
    [InlineData("expired", 0, 0)]
    public async Task Named_jobs_go_where_they_have_the_state_and_stand_in_the_queue(string state, int cancelled, int purged)
    {
        var ids = await OneOfEachStateAsync(queue);
        var elsewhere = await OneOfEachStateAsync(Api.NewQueue());
        string[] named = [.. ids.Values, .. elsewhere.Values, ids[state], "nonsense", "0-01ARZ3NDEKTSV4RRFFQ69G5FAV"];

        Assert.Equal(1, await PurgeAsync(state, named));
        Assert.Equal(0, await PurgeAsync(state, named));

        foreach (var (of, id) in ids.Concat(elsewhere.Select(pair => KeyValuePair.Create("", pair.Value))))
        {
            Assert.Equal(of == state ? HttpStatusCode.NotFound : HttpStatusCode.OK, (await api.GetAsync($"/jobs/{id}")).StatusCode);
        }

        Assert.Equal((cancelled, purged), await api.QueueAsync(queue) is var counts ? (counts.Totals.Cancelled, counts.Totals.Purged) : default);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_thousand_jobs_may_be_named_and_all_others_stay()
    {
        var ids = (await api.BatchAsync(queue, 1000, i => $",\"priority\":{i % 10}")).Select(result => result.Job!.Id).ToArray();

        Assert.Equal(999, await PurgeAsync("ready", [.. ids[1..], "0-01ARZ3NDEKTSV4RRFFQ69G5FAV"]));

        Assert.Equal(ids[0], Assert.Single((await api.ListAsync(queue, "ready")).Jobs).Id);
        Api.AssertAddsUp(await api.QueueAsync(queue));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_named_job_lets_go_of_its_unique_key()
    {
        var unique = "\"unique\":{\"key\":\"k\",\"onConflict\":\"reject\"}";
        var job = await api.ScheduleAsync(queue, unique);

        await PurgeAsync("ready", job.Id);

        await api.ScheduleAsync(queue, unique);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_is_purged_or_claimed_and_never_both()
    {
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => api.ScheduleAsync(queue)));

        var purging = api.PurgeAsync(queue, "ready");
        var claims = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.ClaimAsync(queue, "\"limit\":2")));

        var counts = await api.QueueAsync(queue);
        Assert.Equal(100, await purging + claims.Sum(jobs => jobs.Count));
        Assert.Equal(claims.Sum(jobs => jobs.Count), counts.Leased);
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_client_that_goes_away_ends_the_work()
    {
        await api.ScheduleAsync(queue);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => api.Service<QueueStore>().PurgeAsync(new QueueName(queue), PurgedState.Ready, new CancellationToken(canceled: true)));

        Assert.Equal(1, (await api.QueueAsync(queue)).Ready);
    }

    [Theory]
    [InlineData("{}", "state")]
    [InlineData("{\"state\":\"leased\"}", "state")]
    [InlineData("{\"state\":0}", "state")]
    [InlineData("{\"state\":\"dead\",\"ids\":[]}", "ids")]
    [InlineData("{\"state\":\"dead\",\"ids\":[null]}", "ids")]
    [InlineData("{\"state\":\"dead\",\"ids\":[5]}", "ids[0]")]
    [InlineData("{\"state\":\"leased\",\"ids\":[\"x\"]}", "state")]
    [InlineData("{\"ids\":[\"x\"]}", "state")]
    [InlineData("", "$")]
    public async Task What_is_not_valid_is_named_and_purges_nothing(string body, string field)
    {
        await api.DeadAsync(queue);

        await Api.AssertInvalidAsync(await api.PostAsync($"/queues/{queue}/purge", body), field);

        Assert.Equal(1, (await api.QueueAsync(queue)).Dead);
    }

    [Theory]
    [InlineData("never-used")]
    [InlineData("UPPER")]
    public async Task A_queue_that_is_not_there_is_told(string name) =>
        await Api.AssertProblemAsync(await api.PostAsync($"/queues/{name}/purge", "{\"state\":\"dead\"}"), HttpStatusCode.NotFound, "queue-not-found");

    [Fact]
    public async Task What_time_has_taken_already_is_not_counted_as_purged()
    {
        await api.ScheduleAsync(queue, "\"ttlMs\":1000");
        await api.ScheduleAsync(queue, "\"priority\":9,\"retentionMs\":1000");
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");
        api.Advance(1000);

        Assert.Equal((0, 0), (await api.PurgeAsync(queue, "ready"), await api.PurgeAsync(queue, "completed")));

        var counts = await api.QueueAsync(queue);
        Assert.Equal((1, 0, 0, 0), (counts.Totals.Expired, counts.Totals.Cancelled, counts.Ready, counts.Completed));
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    /// <returns>Jobs by their states.</returns>
    private async Task<Dictionary<string, string>> OneOfEachStateAsync(string into)
    {
        var ids = new Dictionary<string, string> { ["expired"] = (await api.ScheduleAsync(into, "\"ttlMs\":1,\"retentionMs\":3600000")).Id };
        api.Advance(1);
        await api.ReapAsync();
        ids["completed"] = (await api.ScheduleAsync(into, "\"retentionMs\":3600000")).Id;
        await api.SettleAsync(await api.ClaimOneAsync(into), "ack");
        ids["dead"] = (await api.DeadAsync(into))[0];
        ids["leased"] = (await api.ScheduleAsync(into)).Id;
        await api.ClaimOneAsync(into, "\"leaseMs\":3600000");
        ids["ready"] = (await api.ScheduleAsync(into)).Id;
        ids["scheduled"] = (await api.ScheduleAsync(into, "\"delayMs\":3600000")).Id;
        return ids;
    }

    private async Task<long> PurgeAsync(string state, params string[] ids) => (await Api.ReadAsync(
        await api.PostAsync($"/queues/{queue}/purge", $$"""{"state":"{{state}}","ids":[{{string.Join(',', ids.Select(id => $"\"{id}\""))}}]}"""),
        WireJson.Default.PurgeQueueResponse)).Purged;

    public sealed class OnEmbedded(EmbeddedApi api) : PurgeQueueTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : PurgeQueueTests(api), IClassFixture<RedisApi>;
}
