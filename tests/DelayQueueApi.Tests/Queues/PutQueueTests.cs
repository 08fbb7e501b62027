using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

public abstract class PutQueueTests(Api api)
{
    private const string All =
        """
        "leaseMs":5000,"maxAttempts":3,"backoff":{"type":"fixed","delayMs":70},"retentionMs":8000,"maxLength":9,"maxRetained":10,"deadRetentionMs":11000
        """;

    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task A_queue_without_jobs_may_be_set_and_shows_its_settings()
    {
        var put = await api.SetQueueAsync(queue, All);

        var read = await api.QueueAsync(queue);
        Assert.Equal(
            new QueueSettings(5000, 3, new Backoff(BackoffType.Fixed, 70, Jitter: Jitter.None), 8000, 9, 10, 11000), read.Settings);
        Assert.Equal((read.Settings, false, 0), (put.Settings, read.Paused, read.Totals.Created));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_queue_may_be_set_to_nothing_and_is_there_from_then_on()
    {
        await api.SetQueueAsync(queue, "");

        Assert.Equal(new QueueSettings(), (await api.QueueAsync(queue)).Settings);
    }

    [Fact]
    public async Task What_is_not_named_is_set_back_but_for_paused()
    {
        Assert.True((await api.SetQueueAsync(queue, All + ",\"paused\":true")).Paused);

        var second = await api.SetQueueAsync(queue, "\"maxAttempts\":4");
        var third = await api.SetQueueAsync(queue, "\"paused\":false");

        Assert.Equal((new QueueSettings(MaxAttempts: 4), true), (second.Settings, second.Paused));
        Assert.Equal((new QueueSettings(), false), (third.Settings, third.Paused));
    }

    [Fact]
    public async Task A_queue_that_is_set_to_paused_gives_nothing_until_it_is_set_back()
    {
        await api.SetQueueAsync(queue, "\"paused\":true");
        var job = await api.ScheduleAsync(queue);
        var waiting = await api.WaitAsync(queue);
        Assert.False(waiting.IsCompleted);

        await api.SetQueueAsync(queue, "\"paused\":false");

        Assert.Equal(job.Id, Assert.Single(await waiting).Id);
    }

    [Fact]
    public async Task A_lease_lasts_as_long_as_the_claim_the_job_or_the_queue_says_in_this_order()
    {
        await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue, "\"leaseMs\":4000");
        await api.ScheduleAsync(queue, "\"leaseMs\":4000");
        var byDefault = await LeaseMsAsync("");
        await api.SetQueueAsync(queue, "\"leaseMs\":5000");

        Assert.Equal((30_000, 5000, 4000, 3000), (byDefault, await LeaseMsAsync(""), await LeaseMsAsync(""), await LeaseMsAsync("\"leaseMs\":3000")));
        async Task<double> LeaseMsAsync(string fields) => ((await api.ClaimOneAsync(queue, fields)).Lease.ExpiresAt - api.Clock.GetUtcNow()).TotalMilliseconds;
    }

    [Fact]
    public async Task A_job_gets_its_attempts_when_it_is_made_from_itself_or_the_queue()
    {
        var before = await api.ScheduleAsync(queue);
        await api.SetQueueAsync(queue, "\"maxAttempts\":3");
        var after = await api.ScheduleAsync(queue);
        var own = await api.ScheduleAsync(queue, "\"maxAttempts\":5");
        await api.SetQueueAsync(queue, "\"maxAttempts\":2");

        Assert.Equal((20, 3, 5), (before.MaxAttempts, after.MaxAttempts, own.MaxAttempts));
        Assert.Equal([20, 3, 5], (await api.ListAsync(queue, "ready")).Jobs.Select(job => job.MaxAttempts));
    }

    [Fact]
    public async Task A_nacked_job_waits_as_the_nack_the_job_or_the_queue_says_in_this_order()
    {
        await api.ScheduleAsync(queue);
        await api.SetQueueAsync(queue, "\"backoff\":{\"type\":\"delays\",\"delaysMs\":[50,60]}");
        var own = "\"backoff\":{\"type\":\"fixed\",\"delayMs\":70}";

        Assert.Equal(50, await NackAsync(""));
        Assert.Equal(60, await NackAsync(""));
        Assert.Equal(7, await NackAsync("\"delayMs\":7"));
        await api.PurgeAsync(queue, "ready");
        await api.ScheduleAsync(queue, own);
        Assert.Equal(70, await NackAsync(""));
        await api.SetQueueAsync(queue, "");
        Assert.Equal(70, await NackAsync(""));

        async Task<double> NackAsync(string fields)
        {
            var now = api.Clock.GetUtcNow();
            var nacked = await Api.ReadAsync(await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", fields), WireJson.Default.NackJobResponse);
            api.Advance(70);
            return (nacked.RunAt!.Value - now).TotalMilliseconds;
        }
    }

    [Fact]
    public async Task A_completed_job_is_kept_as_long_as_it_says_itself_or_the_queue_does()
    {
        await api.SetQueueAsync(queue, "\"retentionMs\":5000");
        string[] ids = [(await api.ScheduleAsync(queue)).Id, (await api.ScheduleAsync(queue, "\"retentionMs\":7000")).Id, (await api.ScheduleAsync(queue, "\"retentionMs\":0")).Id];
        foreach (var job in await api.ClaimAsync(queue, "\"limit\":3"))
        {
            await api.SettleAsync(job, "ack");
        }

        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{ids[2]}")).StatusCode);
        var now = api.Clock.GetUtcNow();
        Assert.Equal((now.AddSeconds(5), now.AddSeconds(7)), ((await api.JobAsync(ids[0])).KeptUntil!.Value, (await api.JobAsync(ids[1])).KeptUntil!.Value));
    }

    [Fact]
    public async Task Fewer_completed_jobs_are_kept_from_the_instant_on_that_a_queue_is_set_so()
    {
        await api.SetQueueAsync(queue, "\"retentionMs\":3600000");
        await api.BatchAsync(queue, 250);
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            foreach (var job in await api.ClaimAsync(queue, "\"limit\":100"))
            {
                ids.Add(job.Id);
                await api.SettleAsync(job, "ack");
            }

            api.Advance(1);
        }

        await api.SetQueueAsync(queue, "\"retentionMs\":3600000,\"maxRetained\":30");
        await api.ReapAsync();

        Assert.Equal(30, (await api.QueueAsync(queue)).Completed);
        Assert.Equal(ids[220..].Order(StringComparer.Ordinal), (await api.ListAsync(queue, "completed")).Jobs.Select(job => job.Id).Order(StringComparer.Ordinal));
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("\"leaseMs\":999", "leaseMs")]
    [InlineData("\"leaseMs\":43200001", "leaseMs")]
    [InlineData("\"maxAttempts\":0", "maxAttempts")]
    [InlineData("\"maxAttempts\":1001", "maxAttempts")]
    [InlineData("\"backoff\":{\"type\":\"fixed\"}", "backoff.delayMs")]
    [InlineData("\"backoff\":{\"type\":\"random\"}", "backoff.type")]
    [InlineData("\"retentionMs\":-1", "retentionMs")]
    [InlineData("\"retentionMs\":31536000001", "retentionMs")]
    [InlineData("\"maxLength\":0", "maxLength")]
    [InlineData("\"maxLength\":1000000001", "maxLength")]
    [InlineData("\"maxRetained\":-1", "maxRetained")]
    [InlineData("\"maxRetained\":1000001", "maxRetained")]
    [InlineData("\"deadRetentionMs\":0", "deadRetentionMs")]
    [InlineData("\"deadRetentionMs\":31536000001", "deadRetentionMs")]
    [InlineData("\"paused\":1", "paused")]
    [InlineData("\"paused\":\"true\"", "paused")]
    [InlineData("\"leaseMs\":5000,\"leaseMs\":5000", "leaseMs")]
    [InlineData("\"priority\":4", "priority")]
    public async Task What_is_not_valid_is_named_and_sets_nothing(string settings, string field)
    {
        await Api.AssertInvalidAsync(await api.PutAsync($"/queues/{queue}", $"{{{settings}}}"), field);

        await Api.AssertProblemAsync(await api.GetAsync($"/queues/{queue}"), HttpStatusCode.NotFound, "queue-not-found");
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("")]
    public async Task A_body_that_is_no_object_is_refused(string body) => await Api.AssertInvalidAsync(await api.PutAsync($"/queues/{queue}", body), "$");

    [Fact]
    public async Task A_name_that_no_queue_can_have_is_refused() => await Api.AssertInvalidAsync(await api.PutAsync("/queues/UPPER", "{}"), "queue");

    public sealed class OnEmbedded(EmbeddedApi api) : PutQueueTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : PutQueueTests(api), IClassFixture<RedisApi>;
}
