using System.Net;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class JobEndsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    private JobEnds Ends => api.Service<JobEnds>();

    [Fact]
    public async Task The_answer_comes_when_the_job_is_completed()
    {
        var job = await api.ScheduleAsync(queue, "\"retentionMs\":60000");
        var waiting = await WaitAsync(() => GetAsync(job.Id));
        var claimed = await api.ClaimOneAsync(queue);
        Assert.False(waiting.IsCompleted);

        await api.SettleAsync(claimed, "ack", "\"result\":{\"a\":1}");

        var answer = await waiting;
        var ended = await Api.ReadAsync(answer, WireJson.Default.Job);
        Assert.Equal((JobState.Completed, "{\"a\":1}"), (ended.State, Encoding.UTF8.GetString(ended.Result!.Value.Utf8.Span)));
        Assert.Equal("wait=60", Assert.Single(answer.Headers.GetValues("Preference-Applied")));
        Assert.Equal((await GetAsync(job.Id, [])).Headers.ETag, answer.Headers.ETag);
        Assert.Equal(0, Ends.Waiting);
    }

    [Theory]
    [InlineData("acked")]
    [InlineData("cancelled")]
    [InlineData("purged")]
    [InlineData("queue deleted")]
    [InlineData("cancelled while leased")]
    public async Task The_answer_is_404_when_the_job_is_gone(string how)
    {
        var job = await api.ScheduleAsync(queue, how == "acked" ? "" : "\"retentionMs\":60000");
        var claimed = how is "acked" or "cancelled while leased" ? await api.ClaimOneAsync(queue) : null;
        var waiting = await WaitAsync(() => GetAsync(job.Id));

        switch (how)
        {
            case "acked":
                await api.SettleAsync(claimed!, "ack");
                break;
            case "cancelled":
                await api.CancelAsync(job.Id);
                break;
            case "purged":
                await api.PurgeAsync(queue, "ready");
                break;
            case "queue deleted":
                await api.Client.DeleteAsync(new Uri($"/queues/{queue}?force=true", UriKind.Relative));
                break;
            default:
                await api.CancelAsync(job.Id);
                await api.SettleAsync(claimed!, "release");
                break;
        }

        await Api.AssertProblemAsync(await waiting, HttpStatusCode.NotFound, "job-not-found");
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task The_answer_comes_when_the_job_is_dead()
    {
        var job = await api.ScheduleAsync(queue, "\"maxAttempts\":2");
        var waiting = await WaitAsync(() => GetAsync(job.Id));

        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"delayMs\":0");
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"error\":\"what\"");

        Assert.Equal((JobState.Dead, new JobError("what")), await Api.ReadAsync(await waiting, WireJson.Default.Job) is var ended ? (ended.State, ended.LastError) : default);
    }

    [Theory]
    [InlineData("\"ttlMs\":2000", false, "expired")]
    [InlineData("\"maxAttempts\":1", true, "dead")]
    public async Task What_time_alone_brings_about_is_answered_at_its_instant_though_nothing_reaps(string fields, bool claim, string state)
    {
        var job = await api.ScheduleAsync(queue, fields);
        if (claim)
        {
            await api.ClaimOneAsync(queue, "\"leaseMs\":2000");
        }

        var waiting = await WaitAsync(() => GetAsync(job.Id));

        api.Advance(1999);
        Assert.False(waiting.IsCompleted);
        api.Advance(1);

        Assert.Equal(state, (await Api.ReadAsync(await waiting, WireJson.Default.Job)).State.ToString().ToLowerInvariant());
    }

    [Fact]
    public async Task A_job_that_ends_by_a_lease_given_meanwhile_is_answered_too()
    {
        var job = await api.ScheduleAsync(queue, "\"maxAttempts\":1");
        var waiting = await WaitAsync(() => GetAsync(job.Id));
        await api.ClaimOneAsync(queue, "\"leaseMs\":2000");
        api.Advance(2000);

        await api.ReapAsync();

        Assert.Equal(JobState.Dead, (await Api.ReadAsync(await waiting, WireJson.Default.Job)).State);
    }

    [Theory]
    [InlineData("wait=3", "wait=3")]
    [InlineData("respond-async, WAIT = \"3\"; x=y", "wait=3")]
    public async Task When_the_time_is_up_the_job_is_shown_as_it_is(string prefer, string applied)
    {
        var job = await api.ScheduleAsync(queue, "\"delayMs\":1000");
        var waiting = await WaitAsync(() => GetAsync(job.Id, prefer));

        api.Advance(2999);
        Assert.False(waiting.IsCompleted);
        api.Advance(1);

        var answer = await waiting;
        Assert.Equal(JobState.Ready, (await Api.ReadAsync(answer, WireJson.Default.Job)).State);
        Assert.Equal(applied, Assert.Single(answer.Headers.GetValues("Preference-Applied")));
    }

    [Fact]
    public async Task Nobody_waits_longer_than_a_minute()
    {
        var job = await api.ScheduleAsync(queue);
        var waiting = await WaitAsync(() => GetAsync(job.Id, "wait=999999999"));

        api.Advance(60_000);

        var answer = await waiting;
        Assert.Equal(JobState.Ready, (await Api.ReadAsync(answer, WireJson.Default.Job)).State);
        Assert.Equal("wait=60", Assert.Single(answer.Headers.GetValues("Preference-Applied")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("wait")]
    [InlineData("wait=")]
    [InlineData("wait=0")]
    [InlineData("wait=-1")]
    [InlineData("wait=1.5")]
    [InlineData("wait=x")]
    [InlineData("wait=5x")]
    [InlineData("wait=99999999999999999999")]
    [InlineData("await=5")]
    [InlineData("wait=\"5")]
    [InlineData("wait=5\"")]
    [InlineData("note=\"so, wait=5\"")]
    [InlineData("return=minimal")]
    public async Task A_preference_that_is_not_understood_is_passed_over(string prefer)
    {
        var job = await api.ScheduleAsync(queue);

        var answer = await GetAsync(job.Id, prefer);

        Assert.Equal(job.Id, (await Api.ReadAsync(answer, WireJson.Default.Job)).Id);
        Assert.False(answer.Headers.Contains("Preference-Applied"));
    }

    [Fact]
    public async Task Preferences_of_several_headers_count()
    {
        var job = await api.ScheduleAsync(queue);
        var waiting = await WaitAsync(() => GetAsync(job.Id, "return=minimal", "wait=2"));

        await api.CancelAsync(job.Id);

        await Api.AssertProblemAsync(await waiting, HttpStatusCode.NotFound, "job-not-found");
        Assert.Equal("wait=2", Assert.Single((await waiting).Headers.GetValues("Preference-Applied")));
    }

    [Theory]
    [InlineData("completed")]
    [InlineData("dead")]
    [InlineData("expired")]
    public async Task A_job_that_has_ended_is_answered_at_once(string how)
    {
        var job = await api.ScheduleAsync(queue, "\"retentionMs\":60000,\"ttlMs\":1000,\"maxAttempts\":1");
        if (how == "expired")
        {
            api.Advance(1000);
        }
        else
        {
            await api.SettleAsync(await api.ClaimOneAsync(queue), how == "dead" ? "nack" : "ack");
        }

        Assert.Equal(how, (await Api.ReadAsync(await GetAsync(job.Id), WireJson.Default.Job)).State.ToString().ToLowerInvariant());
    }

    [Theory]
    [InlineData("0-01M83VNRT5000009VMC8KNBCNQ")]
    [InlineData("nonsense")]
    public async Task A_job_that_never_was_is_not_waited_for(string id) =>
        await Api.AssertProblemAsync(await GetAsync(id), HttpStatusCode.NotFound, "job-not-found");

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
        byte[] record = (await database.HashGetAsync(api.Service<PartitionKeys>().Jobs, job.Id[2..]))!;
        record[2] = (byte)'-';
        await database.HashSetAsync(api.Service<PartitionKeys>().Jobs, job.Id[2..], record);
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

    [Theory]
    [InlineData("ack")]
    [InlineData("nack")]
    [InlineData("release")]
    public async Task A_cancel_that_waits_is_answered_when_the_worker_lets_go(string call)
    {
        await api.ScheduleAsync(queue, "\"retentionMs\":60000");
        var claimed = await api.ClaimOneAsync(queue);
        var waiting = await WaitAsync(() => api.CancelAsync(claimed.Id, "?wait=60000"));

        await Api.AssertProblemAsync(await api.SettleAsync(claimed, call), HttpStatusCode.Conflict, "job-cancelled");

        Assert.Equal(HttpStatusCode.NoContent, (await waiting).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{claimed.Id}")).StatusCode);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_cancel_that_waits_is_answered_when_the_lease_ends_though_nothing_reaps()
    {
        await api.ScheduleAsync(queue);
        var claimed = await api.ClaimOneAsync(queue, "\"leaseMs\":2000");
        var waiting = await WaitAsync(() => api.CancelAsync(claimed.Id, "?wait=60000"));

        api.Advance(1999);
        Assert.False(waiting.IsCompleted);
        api.Advance(1);

        Assert.Equal(HttpStatusCode.NoContent, (await waiting).StatusCode);
    }

    [Fact]
    public async Task A_cancel_that_takes_longer_than_it_may_is_accepted()
    {
        await api.ScheduleAsync(queue);
        var claimed = await api.ClaimOneAsync(queue);
        var waiting = await WaitAsync(() => api.CancelAsync(claimed.Id, "?wait=1500"));

        api.Advance(1499);
        Assert.False(waiting.IsCompleted);
        api.Advance(1);

        var answer = await waiting;
        Assert.Equal((HttpStatusCode.Accepted, $"/jobs/{claimed.Id}"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        Assert.True((await api.JobAsync(claimed.Id)).CancelRequested);
        Assert.Equal(HttpStatusCode.NoContent, (await api.CancelAsync(claimed.Id, "?wait=0")).StatusCode);
    }

    [Fact]
    public async Task A_cancel_of_a_job_that_nobody_holds_waits_for_nothing()
    {
        var job = await api.ScheduleAsync(queue);
        var dead = (await api.DeadAsync(queue))[0];

        Assert.Equal(HttpStatusCode.NoContent, (await api.CancelAsync(job.Id, "?wait=60000")).StatusCode);
        await Api.AssertProblemAsync(await api.CancelAsync(job.Id, "?wait=60000"), HttpStatusCode.NotFound, "job-not-found");
        await Api.AssertProblemAsync(await api.CancelAsync(dead, "?wait=60000"), HttpStatusCode.Conflict, "job-finished");
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("60001")]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("%201")]
    [InlineData("99999999999")]
    public async Task A_wait_that_is_not_valid_is_named_and_cancels_nothing(string wait)
    {
        var job = await api.ScheduleAsync(queue);

        await Api.AssertInvalidAsync(await api.CancelAsync(job.Id, $"?wait={wait}"), "wait");

        Assert.Equal(JobState.Ready, (await api.JobAsync(job.Id)).State);
    }

    private async Task<Task<HttpResponseMessage>> WaitAsync(Func<Task<HttpResponseMessage>> call)
    {
        var before = Ends.Waiting;
        var answer = call();
        await Api.UntilAsync(() => Ends.Waiting > before || answer.IsCompleted);
        return answer;
    }

    private Task<HttpResponseMessage> GetAsync(string id) => GetAsync(id, "wait=60");

    private Task<HttpResponseMessage> GetAsync(string id, params string[] prefer) => GetAsync(api.Client, id, prefer);

    private static Task<HttpResponseMessage> GetAsync(HttpClient client, string id, params string[] prefer) => GetAsync(client, id, CancellationToken.None, prefer);

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, string id, CancellationToken cancellation, params string[] prefer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/jobs/{id}");
        request.Headers.TryAddWithoutValidation("Prefer", prefer);
        return await client.SendAsync(request, cancellation);
    }

    /// <summary>Waits until another instance has noted that it waits.</summary>
    private async Task UntilWatchedAsync(string id)
    {
        var watched = false;
        while (!watched)
        {
            watched = (await api.Service<JobStore>().GetAsync(new JobId(id)))!.Value.Job.Stored.Span[2] == 'w';
        }
    }

    public sealed class OnEmbedded(EmbeddedApi api) : JobEndsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : JobEndsTests(api), IClassFixture<RedisApi>;
}
