using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

public abstract class RedriveJobsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task A_redriven_job_is_ready_at_once_with_new_attempts_its_history_and_a_larger_fence()
    {
        await api.ScheduleAsync(queue, "\"maxAttempts\":2", payload: "{\"a\": 1.0}");
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"delayMs\":0");
        var last = await api.ClaimOneAsync(queue);
        await api.SettleAsync(last, "nack", "\"error\":\"what\",\"errorType\":\"Boom\"");
        api.Advance(5000);

        Assert.Equal(1, await api.RedriveAsync(queue));

        var job = await api.JobAsync(last.Id);
        Assert.Equal((JobState.Ready, 0, api.Clock.GetUtcNow(), null), (job.State, job.Attempt, job.RunAt, job.DiedAt));
        Assert.Equal((2, new JobError("what", "Boom")), (job.Failures!.Nacked, job.LastError));
        var claimed = await api.ClaimOneAsync(queue);
        Assert.Equal((1, 0L), (claimed.Attempt, claimed.LateMs));
        Assert.True(claimed.Lease.Fence > last.Lease.Fence);
        await Api.AssertProblemAsync(await api.SettleAsync(last, "ack"), HttpStatusCode.Conflict, "lease-lost");
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(claimed, "ack")).StatusCode);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("{}")]
    [InlineData(null)]
    public async Task Nothing_said_takes_all_dead_jobs_also_more_than_one_script_takes(string? body)
    {
        await api.DeadAsync(queue, 45);
        await api.ScheduleAsync(queue, "\"delayMs\":1");

        var answer = body is null ? await api.PostAsync($"/queues/{queue}/redrive") : await api.PostAsync($"/queues/{queue}/redrive", body);

        Assert.Equal(45, (await Api.ReadAsync(answer, WireJson.Default.RedriveJobsResponse)).Redriven);
        var counts = await api.QueueAsync(queue);
        Assert.Equal((1, 45, 0), (counts.Scheduled, counts.Ready, counts.Dead));
        Assert.Equal((46, 45, 45), (counts.Totals.Created, counts.Totals.Died, counts.Totals.Redriven));
        Assert.Equal(0, await api.RedriveAsync(queue));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Ids_error_type_and_limit_choose_among_the_dead_jobs()
    {
        var boom = await api.DeadAsync(queue, 30);
        var bang = await api.DeadAsync(queue, 30, errorType: "Boom2");
        var elsewhere = await api.DeadAsync(Api.NewQueue());
        var ready = await api.ScheduleAsync(queue);

        Assert.Equal(2, await api.RedriveAsync(queue,
            $$"""{"ids":["{{boom[5]}}","{{bang[7]}}","{{boom[5]}}","{{elsewhere[0]}}","{{ready.Id}}","nonsense","0-01ARZ3NDEKTSV4RRFFQ69G5FAV"]}"""));
        Assert.Equal(1, await api.RedriveAsync(queue, $$"""{"ids":["{{boom[0]}}","{{bang[0]}}"],"errorType":"Boom2"}"""));
        Assert.Equal(1, await api.RedriveAsync(queue, $$"""{"ids":["{{boom[1]}}","{{boom[2]}}"],"limit":1}"""));
        Assert.Equal(25, await api.RedriveAsync(queue, "{\"errorType\":\"Boom2\",\"limit\":25}"));
        Assert.Equal(3, await api.RedriveAsync(queue, "{\"errorType\":\"Boom2\"}"));

        Assert.Equal([boom[0], .. boom[2..5], .. boom[6..]], (await api.ListAsync(queue, "dead")).Jobs.Select(job => job.Id));
        Assert.Equal(1, await api.RedriveAsync(queue, "{\"limit\":1}"));
        Assert.Equal(JobState.Ready, (await api.JobAsync(boom[0])).State);
        Assert.Equal(JobState.Dead, (await api.JobAsync(elsewhere[0])).State);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_waiting_claim_gets_a_redriven_job()
    {
        var dead = await api.DeadAsync(queue);
        var waiting = api.ClaimOneAsync(queue, "\"waitMs\":60000");
        await Api.UntilAsync(() => api.Service<WaitingClaims>().Waiting == 1);

        await api.RedriveAsync(queue);

        Assert.Equal(dead[0], (await waiting).Id);
    }

    [Fact]
    public async Task Two_instances_that_redrive_the_same_jobs_redrive_each_once()
    {
        var ids = await api.DeadAsync(queue, 60);
        using var other = api.AnotherInstance();
        var named = $$"""{"ids":[{{string.Join(',', ids.Select(id => $"\"{id}\""))}}]}""";

        var redriven = await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
        {
            using var content = Api.Content(System.Text.Encoding.UTF8.GetBytes(i % 3 == 0 ? named : "{}"), "application/json");
            var client = i % 2 == 0 ? api.Client : other;
            var answer = await client.PostAsync(new Uri($"/queues/{queue}/redrive", UriKind.Relative), content);
            return (await Api.ReadAsync(answer, WireJson.Default.RedriveJobsResponse)).Redriven;
        }));

        Assert.Equal(60, redriven.Sum());
        Assert.Equal((60, 60), ((await api.QueueAsync(queue)).Ready, (await api.QueueAsync(queue)).Totals.Redriven));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_dead_job_is_redriven_or_purged_and_never_both()
    {
        await api.DeadAsync(queue, 60);

        var redriving = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => api.RedriveAsync(queue, "{\"limit\":10}")));
        var purged = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => api.PurgeAsync(queue, "dead")));

        var counts = await api.QueueAsync(queue);
        Assert.Equal(60, (await redriving).Sum() + purged.Sum());
        Assert.Equal((purged.Sum(), counts.Ready), (counts.Totals.Purged, counts.Totals.Redriven));
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("{\"ids\":[]}", "ids")]
    [InlineData("{\"ids\":[null]}", "ids")]
    [InlineData("{\"ids\":\"x\"}", "ids")]
    [InlineData("{\"ids\":[1]}", "ids[0]")]
    [InlineData("{\"errorType\":\"a\\u0000b\"}", "errorType")]
    [InlineData("{\"limit\":0}", "limit")]
    [InlineData("{\"limit\":1000001}", "limit")]
    [InlineData("{\"state\":\"dead\"}", "state")]
    [InlineData("[]", "$")]
    [InlineData("null", "$")]
    public async Task What_is_not_valid_is_named_and_redrives_nothing(string body, string field)
    {
        await api.DeadAsync(queue);

        await Api.AssertInvalidAsync(await api.PostAsync($"/queues/{queue}/redrive", body), field);

        Assert.Equal(1, (await api.QueueAsync(queue)).Dead);
    }

    [Fact]
    public async Task Too_many_ids_and_too_long_a_type_are_refused()
    {
        await Api.AssertInvalidAsync(
            await api.PostAsync($"/queues/{queue}/redrive", $$"""{"ids":[{{string.Join(',', Enumerable.Repeat("\"x\"", 1001))}}]}"""), "ids");
        await Api.AssertInvalidAsync(await api.PostAsync($"/queues/{queue}/redrive", $$"""{"errorType":"{{new string('ü', 65)}}"}"""), "errorType");
    }

    [Fact]
    public async Task A_queue_that_is_not_there_is_told() =>
        await Api.AssertProblemAsync(await api.PostAsync($"/queues/{queue}/redrive"), HttpStatusCode.NotFound, "queue-not-found");

    public sealed class OnEmbedded(EmbeddedApi api) : RedriveJobsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : RedriveJobsTests(api), IClassFixture<RedisApi>;
}
