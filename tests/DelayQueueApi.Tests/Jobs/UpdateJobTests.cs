using System.Net;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class UpdateJobTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task What_is_named_changes_and_the_rest_stays()
    {
        var job = await api.ScheduleAsync(queue, "\"delayMs\":60000,\"metadata\":{\"a\":\"b\"},\"maxAttempts\":3");

        var updated = await Api.ReadAsync(
            await PatchAsync(job.Id, """{"priority":9,"payload":{"x":  1},"leaseMs":5000,"backoff":{"type":"fixed","delayMs":7}}"""), WireJson.Default.Job);

        Assert.Equal(job with { Priority = 9, Payload = updated.Payload, LeaseMs = 5000, Backoff = updated.Backoff, Metadata = updated.Metadata }, updated);
        Assert.Equal("{\"x\":  1}", Encoding.UTF8.GetString(updated.Payload.Utf8.Span));
        Assert.Equal("b", updated.Metadata!["a"]);
        Assert.Equal(7, updated.Backoff!.DelayMs);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("\"delayMs\":0", 0)]
    [InlineData("\"delayMs\":2000", 2000)]
    [InlineData("\"runAt\":\"2020-01-01T00:00:00Z\"", 0)]
    public async Task A_new_run_at_holds_for_claims(string change, int dueAfterMs)
    {
        var job = await api.ScheduleAsync(queue, "\"delayMs\":60000");

        await PatchAsync(job.Id, $"{{{change}}}");

        if (dueAfterMs > 0)
        {
            api.Advance(dueAfterMs - 1);
            Assert.Empty(await api.ClaimAsync(queue));
            api.Advance(1);
        }

        Assert.Equal((job.Id, 0L), await api.ClaimOneAsync(queue) is var claimed ? (claimed.Id, claimed.LateMs) : default);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_waiting_claim_is_woken_by_a_job_that_is_due_now()
    {
        var job = await api.ScheduleAsync(queue, "\"delayMs\":60000");
        var waiting = await api.WaitAsync(queue);

        await PatchAsync(job.Id, "{\"delayMs\":0}");

        Assert.Equal(job.Id, Assert.Single(await waiting).Id);
    }

    [Fact]
    public async Task A_job_that_a_worker_holds_or_that_is_dead_stays_as_it_is()
    {
        await api.ScheduleAsync(queue);
        var leased = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        await Api.AssertProblemAsync(await PatchAsync(leased.Id, "{\"priority\":1}"), HttpStatusCode.Conflict, "job-leased");

        api.Advance(1000);
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync(leased.Id, "{\"priority\":1}")).StatusCode);

        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");
        await Api.AssertProblemAsync(await PatchAsync(leased.Id, "{\"priority\":1}"), HttpStatusCode.Conflict, "job-finished");
        await Api.AssertProblemAsync(await PatchAsync("0-01M83VNRT5000009VMC8KNA3D9", "{\"priority\":1}"), HttpStatusCode.NotFound, "job-not-found");
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task If_Match_changes_only_the_job_that_was_seen()
    {
        var job = await api.ScheduleAsync(queue, "\"delayMs\":60000");
        var etag = (await api.GetAsync($"/jobs/{job.Id}")).Headers.ETag!.Tag;

        var first = await PatchAsync(job.Id, "{\"priority\":1}", $"\"other\", {etag}");
        var second = await PatchAsync(job.Id, "{\"priority\":2}", etag);
        var any = await PatchAsync(job.Id, "{\"priority\":3}", "*");

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        await Api.AssertProblemAsync(second, HttpStatusCode.PreconditionFailed, "precondition-failed");
        Assert.Equal(3, (await Api.ReadAsync(any, WireJson.Default.Job)).Priority);
        Assert.Equal((await api.GetAsync($"/jobs/{job.Id}")).Headers.ETag, any.Headers.ETag);
    }

    [Fact]
    public async Task Changes_at_the_same_time_are_all_made()
    {
        var job = await api.ScheduleAsync(queue, "\"delayMs\":60000");

        var answers = await Task.WhenAll(
            PatchAsync(job.Id, "{\"priority\":7}"), PatchAsync(job.Id, "{\"maxAttempts\":7}"), PatchAsync(job.Id, "{\"leaseMs\":7000}"), PatchAsync(job.Id, "{\"payload\":7}"));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        var updated = await api.JobAsync(job.Id);
        Assert.Equal((7, 7, 7000L, "7"), (updated.Priority, updated.MaxAttempts, updated.LeaseMs, Encoding.UTF8.GetString(updated.Payload.Utf8.Span)));
    }

    [Theory]
    [InlineData("{}", "$")]
    [InlineData("{\"payload\":null}", "$")]
    [InlineData("{\"queue\":\"other\"}", "queue")]
    [InlineData("{\"delayMs\":-1}", "delayMs")]
    [InlineData("{\"delayMs\":1,\"runAt\":\"2030-01-01T00:00:00Z\"}", "delayMs")]
    [InlineData("{\"priority\":10}", "priority")]
    [InlineData("{\"leaseMs\":1}", "leaseMs")]
    [InlineData("{\"ttlMs\":0}", "ttlMs")]
    [InlineData("{\"ttlMs\":31536000001}", "ttlMs")]
    [InlineData("{\"retentionMs\":-1}", "retentionMs")]
    [InlineData("{\"retentionMs\":31536000001}", "retentionMs")]
    [InlineData("{\"unique\":{\"key\":\"k\"}}", "unique")]
    [InlineData("{\"result\":1}", "result")]
    [InlineData("{\"maxAttempts\":0}", "maxAttempts")]
    [InlineData("{\"maxAttempts\":1}", "maxAttempts")]
    [InlineData("{\"backoff\":{\"type\":\"fixed\"}}", "backoff.delayMs")]
    public async Task A_change_that_is_not_valid_is_explained_and_changes_nothing(string change, string field)
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);
        await api.SettleAsync(job, "nack", "\"delayMs\":5000");
        var before = await (await api.GetAsync($"/jobs/{job.Id}")).Content.ReadAsStringAsync();

        var answer = await PatchAsync(job.Id, change);

        await Api.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "validation");
        Assert.Contains($"\"{field}\":[\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(before, await (await api.GetAsync($"/jobs/{job.Id}")).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_change_to_what_was_read_before_a_lease_is_not_made_behind_the_lease_s_end()
    {
        var job = await api.ScheduleAsync(queue);
        var read = (await api.Service<JobStore>().GetAsync(new JobId(job.Id)))!.Value.Job;
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);

        var updated = await api.Service<JobStore>().UpdateAsync(read, new UpdateJob.Request(Priority: 9));

        Assert.Equal(UpdateOutcome.Changed, updated.Outcome);
        Assert.Equal((4, 1), await api.JobAsync(job.Id) is var now ? (now.Priority, now.Failures!.Expired) : default);
    }

    private Task<HttpResponseMessage> PatchAsync(string id, string change, string? ifMatch = null) => api.PatchAsync(id, change, ifMatch);

    public sealed class OnEmbedded(EmbeddedApi api) : UpdateJobTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : UpdateJobTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : UpdateJobTests(api), IClassFixture<PartitionedApi>;
}
