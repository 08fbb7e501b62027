using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

public abstract class DeleteQueueTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Theory]
    [InlineData("scheduled")]
    [InlineData("ready")]
    [InlineData("leased")]
    [InlineData("dead")]
    public async Task A_queue_with_jobs_is_deleted_only_by_force(string state)
    {
        var id = state == "dead" ? (await api.DeadAsync(queue))[0] : (await api.ScheduleAsync(queue, state == "scheduled" ? "\"delayMs\":1000" : "")).Id;
        if (state == "leased")
        {
            await api.ClaimOneAsync(queue);
        }

        await Api.AssertProblemAsync(await DeleteAsync(), HttpStatusCode.Conflict, "queue-not-empty");
        await Api.AssertProblemAsync(await DeleteAsync("?force=false"), HttpStatusCode.Conflict, "queue-not-empty");
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync($"/jobs/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync("?force=true")).StatusCode);

        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{id}"), HttpStatusCode.NotFound, "job-not-found");
        await AssertGoneAsync();
    }

    [Fact]
    public async Task A_queue_without_unfinished_jobs_goes_with_its_kept_ones_settings_and_totals()
    {
        await api.SetQueueAsync(queue, "\"retentionMs\":3600000,\"maxAttempts\":3,\"paused\":false");
        var expiring = await api.ScheduleAsync(queue, "\"ttlMs\":1");
        api.Advance(1);
        await api.ReapAsync();
        await api.BatchAsync(queue, 45);
        foreach (var job in await api.ClaimAsync(queue, "\"limit\":100,\"worker\":\"alice\""))
        {
            await api.SettleAsync(job, "ack");
        }

        Assert.Equal((45, 1), ((await api.QueueAsync(queue)).Completed, (await api.QueueAsync(queue)).Expired));
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync()).StatusCode);

        await AssertGoneAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{expiring.Id}")).StatusCode);
        Assert.Equal(20, (await api.ScheduleAsync(queue)).MaxAttempts);
        var anew = await api.QueueAsync(queue);
        Assert.Equal((1, 0, 0, 1), (anew.Ready, anew.Completed, anew.Expired, anew.Totals.Created));
        Assert.Equal((new QueueSettings(), 0, 0), (anew.Settings, anew.Workers.Count, anew.Totals.Acked));
        Assert.Equal(0.017, anew.Rates.OneMinute.Created);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Many_jobs_of_all_states_go_with_their_queue_and_those_of_others_stay()
    {
        var other = Api.NewQueue();
        await api.ScheduleAsync(other);
        await api.DeadAsync(queue, 25);
        await api.BatchAsync(queue, 100, i => $",\"priority\":{i % 10},\"delayMs\":{i % 3},\"ttlMs\":5000");
        await api.ClaimAsync(queue, "\"limit\":25");

        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync("?force=true")).StatusCode);

        await AssertGoneAsync();
        Assert.Equal(1, (await api.QueueAsync(other)).Ready);
        api.Advance(3_600_000);
        await api.ReapAsync();
        Assert.Empty(await api.ClaimAsync(queue, "\"limit\":100"));
        await AssertGoneAsync();
    }

    [Theory]
    [InlineData("ack")]
    [InlineData("nack")]
    [InlineData("release")]
    [InlineData("extend", "\"leaseMs\":5000")]
    [InlineData("ack", "\"then\":[{\"payload\":1,\"queue\":\"never-made\"}]")]
    public async Task A_worker_of_a_deleted_queue_is_told_that_its_job_is_gone(string call, string fields = "")
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue, "\"claimId\":\"" + queue + "\"");
        await DeleteAsync("?force=true");

        await Api.AssertProblemAsync(await api.SettleAsync(job, call, fields), HttpStatusCode.NotFound, "job-not-found");

        Assert.Empty(await api.ClaimAsync(queue, "\"claimId\":\"" + queue + "\""));
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync("/queues/never-made")).StatusCode);
        await AssertGoneAsync();
    }

    [Fact]
    public async Task A_worker_of_a_deleted_queue_does_not_reach_the_jobs_of_the_next_one()
    {
        await api.ScheduleAsync(queue);
        var old = await api.ClaimOneAsync(queue);
        await DeleteAsync("?force=true");
        await api.ScheduleAsync(queue);
        var current = await api.ClaimOneAsync(queue);

        await Api.AssertProblemAsync(await api.SettleAsync(old, "ack"), HttpStatusCode.NotFound, "job-not-found");
        await Api.AssertProblemAsync(await api.SettleAsync(current.Id, old.Lease.Token, "ack"), HttpStatusCode.Conflict, "lease-lost");

        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(current, "ack")).StatusCode);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_queue_that_gets_a_job_right_after_is_there_again()
    {
        await api.ScheduleAsync(queue);
        await DeleteAsync("?force=true");

        await api.ScheduleAsync(queue);

        Assert.Equal(1, (await api.QueueAsync(queue)).Totals.Created);
        Assert.Contains($"\"{queue}\"", await (await api.GetAsync("/queues?limit=1000")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unique_keys_are_free_again()
    {
        var unique = "\"unique\":{\"key\":\"k\",\"onConflict\":\"reject\"}";
        await api.ScheduleAsync(queue, unique);
        await api.ClaimOneAsync(queue);
        await DeleteAsync("?force=true");

        await api.ScheduleAsync(queue, unique);

        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_redrive_that_is_running_ends_with_the_queue()
    {
        await api.DeadAsync(queue, 5);
        await api.PostAsync($"/queues/{queue}/redrive", "{\"ratePerSecond\":1}");
        await api.ReapAsync();
        await DeleteAsync("?force=true");
        api.Advance(1000);
        await api.ReapAsync();

        await Api.AssertProblemAsync(await api.GetAsync($"/queues/{queue}/redrive"), HttpStatusCode.NotFound, "redrive-not-found");
        await AssertGoneAsync();
    }

    [Fact]
    public async Task A_claim_that_waits_gets_the_first_job_of_the_queue_made_anew()
    {
        await api.SetQueueAsync(queue, "\"paused\":true");
        var waiting = await api.WaitAsync(queue);
        await DeleteAsync();

        var job = await api.ScheduleAsync(queue);

        Assert.Equal(job.Id, Assert.Single(await waiting).Id);
    }

    [Fact]
    public async Task Jobs_that_come_in_meanwhile_are_deleted_or_make_the_queue_anew()
    {
        await api.BatchAsync(queue, 200);

        var deleting = DeleteAsync("?force=true");
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => api.ScheduleAsync(queue)));

        Assert.Equal(HttpStatusCode.NoContent, (await deleting).StatusCode);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("?force=true")]
    public async Task A_queue_that_is_not_there_is_told(string query)
    {
        await Api.AssertProblemAsync(await DeleteAsync(query), HttpStatusCode.NotFound, "queue-not-found");
        await Api.AssertProblemAsync(await api.DeleteAsync("/queues/UPPER" + query), HttpStatusCode.NotFound, "queue-not-found");
    }

    [Theory]
    [InlineData("?force=1")]
    [InlineData("?force=")]
    [InlineData("?force=True")]
    [InlineData("?force=true&force=true")]
    public async Task Force_is_true_or_false(string query)
    {
        await api.ScheduleAsync(queue);

        await Api.AssertInvalidAsync(await DeleteAsync(query), "force");

        Assert.Equal(1, (await api.QueueAsync(queue)).Ready);
    }

    private Task<HttpResponseMessage> DeleteAsync(string query = "") => api.DeleteAsync($"/queues/{queue}{query}");

    private async Task AssertGoneAsync()
    {
        await Api.AssertProblemAsync(await api.GetAsync($"/queues/{queue}"), HttpStatusCode.NotFound, "queue-not-found");
        var listed = await Api.ReadAsync(await api.GetAsync("/queues?limit=1000"), WireJson.Default.ListQueuesResponse);
        Assert.DoesNotContain(queue, listed.Queues.Select(each => each.Queue));
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : DeleteQueueTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : DeleteQueueTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : DeleteQueueTests(api), IClassFixture<PartitionedApi>;
}
