using System.Net;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>How those who wait for a job hear of its end, here and at other instances, and what their waiting does to the job.</summary>
public abstract class WaitersTests(Api api) : JobWaits(api)
{
    [Fact]
    public async Task Several_who_wait_for_one_job_all_hear_of_its_end()
    {
        var job = await api.ScheduleAsync(queue, "\"retentionMs\":60000");
        var first = await WaitAsync(() => GetAsync(job.Id, "wait=1"));
        var waiting = new List<Task<HttpResponseMessage>>();
        for (var i = 0; i < 10; i++)
        {
            waiting.Add(await WaitAsync(() => GetAsync(job.Id)));
        }

        // One whose time is up takes nothing from the others.
        api.Advance(1000);
        Assert.Equal(JobState.Ready, (await Api.ReadAsync(await first, WireJson.Default.Job)).State);
        await Api.UntilAsync(() => Ends.Waiting == 10);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");

        foreach (var answer in await Task.WhenAll(waiting))
        {
            Assert.Equal(JobState.Completed, (await Api.ReadAsync(answer, WireJson.Default.Job)).State);
        }

        Assert.Equal(0, Ends.Waiting);
    }

    [Fact]
    public async Task That_somebody_waits_changes_nothing_about_the_job()
    {
        var job = await api.ScheduleAsync(queue, "\"delayMs\":60000");
        var before = await GetAsync(job.Id, []);
        var waiting = await WaitAsync(() => GetAsync(job.Id));

        var during = await GetAsync(job.Id, []);
        var patched = await api.PatchAsync(job.Id, "{\"priority\":9}", before.Headers.ETag!.Tag);

        Assert.Equal(before.Headers.ETag, during.Headers.ETag);
        Assert.Equal(await before.Content.ReadAsStringAsync(), await during.Content.ReadAsStringAsync());
        Assert.Equal(9, (await Api.ReadAsync(patched, WireJson.Default.Job)).Priority);
        Assert.NotEqual(before.Headers.ETag, patched.Headers.ETag);
        Assert.False(waiting.IsCompleted);
        await api.CancelAsync(job.Id);
        await waiting;
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Waiting_for_a_leased_job_changes_neither_its_ETag_nor_its_lease()
    {
        await api.ScheduleAsync(queue);
        var claimed = await api.ClaimOneAsync(queue);
        await api.CancelAsync(claimed.Id);
        var before = (await GetAsync(claimed.Id, [])).Headers.ETag;
        var waiting = await WaitAsync(() => GetAsync(claimed.Id));

        Assert.Equal(before, (await GetAsync(claimed.Id, [])).Headers.ETag);
        Assert.True((await api.JobAsync(claimed.Id)).CancelRequested);
        await Api.AssertProblemAsync(await api.SettleAsync(claimed, "ack"), HttpStatusCode.Conflict, "job-cancelled");
        await Api.AssertProblemAsync(await waiting, HttpStatusCode.NotFound, "job-not-found");
    }

    [Fact]
    public async Task One_instance_hears_of_an_ack_at_another()
    {
        using var other = api.AnotherInstance();
        var job = await api.ScheduleAsync(queue, "\"retentionMs\":60000");
        var claimed = await api.ClaimOneAsync(queue);
        var waiting = await WaitAsync(() => GetAsync(job.Id));

        await other.PostAsync(
            new Uri($"/jobs/{job.Id}/ack", UriKind.Relative), Api.Content(Encoding.UTF8.GetBytes($$"""{"leaseToken":"{{claimed.Lease.Token}}"}"""), "application/json"));

        Assert.Equal(JobState.Completed, (await Api.ReadAsync(await waiting, WireJson.Default.Job)).State);
    }

    [Fact]
    public async Task Another_instance_hears_of_an_ack_here()
    {
        using var other = api.AnotherInstance();
        var job = await api.ScheduleAsync(queue, "\"retentionMs\":60000");
        var claimed = await api.ClaimOneAsync(queue);
        var etag = (await GetAsync(job.Id, [])).Headers.ETag;
        var waiting = GetAsync(other, job.Id, "wait=60");
        await UntilWatchedAsync(job.Id);

        await api.SettleAsync(claimed, "ack");

        Assert.Equal(JobState.Completed, (await Api.ReadAsync(await waiting, WireJson.Default.Job)).State);
        Assert.NotEqual(etag, (await waiting).Headers.ETag);
    }

    [Fact]
    public async Task A_lost_hint_is_made_up_for_within_five_seconds()
    {
        var job = await api.ScheduleAsync(queue, "\"retentionMs\":60000");
        var waiting = await WaitAsync(() => GetAsync(job.Id));
        // As where whoever ends the job does not tell.
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        byte[] record = (await database.HashGetAsync(api.Service<Partitions>().First.Jobs, Api.StoredId(job.Id)))!;
        record[2] = (byte)'0';
        await database.HashSetAsync(api.Service<Partitions>().First.Jobs, Api.StoredId(job.Id), record);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");

        api.Advance(4999);
        Assert.False(waiting.IsCompleted);
        api.Advance(1);

        Assert.Equal(JobState.Completed, (await Api.ReadAsync(await waiting, WireJson.Default.Job)).State);
    }

    [Fact]
    public async Task A_client_that_goes_away_leaves_the_others_waiting()
    {
        var job = await api.ScheduleAsync(queue, "\"retentionMs\":60000");
        using var client = new CancellationTokenSource();
        var gone = await WaitAsync(() => GetAsync(api.Client, job.Id, client.Token, "wait=60"));
        var waiting = await WaitAsync(() => GetAsync(job.Id));

        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        await Api.UntilAsync(() => Ends.Waiting == 1);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");

        Assert.Equal(JobState.Completed, (await Api.ReadAsync(await waiting, WireJson.Default.Job)).State);
    }

    /// <summary>Waits until another instance has noted that it waits.</summary>
    private async Task UntilWatchedAsync(string id)
    {
        var watched = false;
        while (!watched)
        {
            watched = (await api.Service<JobStore>().GetAsync(new JobId(id)))!.Value.Job.Stored.Span[2] == '6';
        }
    }

    public sealed class OnEmbedded(EmbeddedApi api) : WaitersTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : WaitersTests(api), IClassFixture<RedisApi>;
}
