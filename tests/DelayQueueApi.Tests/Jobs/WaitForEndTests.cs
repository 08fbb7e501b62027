using System.Net;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>GET of a job with <c>Prefer: wait</c>: when it is answered, and with what.</summary>
public abstract class WaitForEndTests(Api api) : JobWaits(api)
{
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
    [InlineData("wait=3, wait=60", "wait=3")]
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
    [InlineData("0-01M83VNRT5000009VMC8KNA3D9")]
    [InlineData("nonsense")]
    public async Task A_job_that_never_was_is_not_waited_for(string id) =>
        await Api.AssertProblemAsync(await GetAsync(id), HttpStatusCode.NotFound, "job-not-found");

    public sealed class OnEmbedded(EmbeddedApi api) : WaitForEndTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : WaitForEndTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : WaitForEndTests(api), IClassFixture<PartitionedApi>;
}
