using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>However jobs come back, race or leave locks behind, a unique key is one job's.</summary>
public abstract class UniqueLockTests(Api api) : UniqueKeys(api)
{
    [Fact]
    public async Task A_redriven_job_holds_its_key_again()
    {
        var first = await api.ScheduleAsync(queue, Key);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");

        Assert.Equal(1, await api.RedriveAsync(queue));

        await AssertHeldAsync(first.Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_dead_job_stays_dead_while_another_holds_its_key()
    {
        var first = await api.ScheduleAsync(queue, Key);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");
        var second = await api.ScheduleAsync(queue, Key);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");
        var third = await api.ScheduleAsync(queue, Key);
        var plain = (await api.DeadAsync(queue))[0];

        var blocked = await Api.ReadAsync(await api.PostAsync($"/queues/{queue}/redrive"), WireJson.Default.RedriveJobsResponse);
        Assert.Equal((3, 1), (blocked.Matched, blocked.Redriven));
        Assert.Equal([first.Id, second.Id], (await api.ListAsync(queue, "dead")).Jobs.Select(job => job.Id));
        await api.AssertSoundAsync();
        await api.CancelAsync(third.Id);

        // One of the two takes the key, and so the other has to wait.
        var free = await Api.ReadAsync(
            await api.PostAsync($"/queues/{queue}/redrive", $$"""{"ids":["{{second.Id}}","{{first.Id}}"]}"""), WireJson.Default.RedriveJobsResponse);

        Assert.Equal((2, 1), (free.Matched, free.Redriven));
        Assert.Equal((JobState.Dead, JobState.Ready, JobState.Ready), (await StateAsync(first.Id), await StateAsync(second.Id), await StateAsync(plain)));
        await AssertHeldAsync(second.Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_redrive_at_a_rate_passes_over_a_job_whose_key_another_holds()
    {
        var first = await api.ScheduleAsync(queue, Key);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");
        var second = await api.ScheduleAsync(queue, Key);
        var plain = (await api.DeadAsync(queue))[0];

        await api.PostAsync($"/queues/{queue}/redrive", "{\"ratePerSecond\":10}");
        for (var i = 0; i < 10; i++)
        {
            await api.ReapAsync();
            api.Advance(100);
        }

        Assert.Equal((JobState.Dead, JobState.Ready), (await StateAsync(first.Id), await StateAsync(plain)));
        await AssertHeldAsync(second.Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_whose_key_ends_with_its_start_is_redriven_beside_another_of_that_key()
    {
        await api.ScheduleAsync(queue, Started);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"dead\":true");
        var second = await api.ScheduleAsync(queue, Started);

        Assert.Equal(1, await api.RedriveAsync(queue));

        await AssertHeldAsync(second.Id);
        Assert.Equal(2, (await api.QueueAsync(queue)).Ready);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("return", HttpStatusCode.OK)]
    [InlineData("reject", HttpStatusCode.Conflict)]
    public async Task Sixty_four_requests_at_the_same_time_make_one_job(string onConflict, HttpStatusCode others)
    {
        using var other = api.AnotherInstance();
        var body = $$"""{"queue":"{{queue}}","payload":1,"unique":{"key":"k","onConflict":"{{onConflict}}"} }""";

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => (i % 2 == 0 ? api.Client : other)
            .PostAsync(new Uri("/jobs", UriKind.Relative), Api.Content(System.Text.Encoding.UTF8.GetBytes(body), "application/json"))));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(63, answers.Count(answer => answer.StatusCode == others));
        Assert.Equal((1, 1), await api.QueueAsync(queue) is var counts ? (counts.Totals.Created, counts.Ready) : default);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Sixty_four_replacements_at_the_same_time_leave_one_job()
    {
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => PostAsync(Replace)));

        Assert.Equal((64, 63, 1), await api.QueueAsync(queue) is var counts ? (counts.Totals.Created, counts.Totals.Cancelled, counts.Ready) : default);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task However_claims_and_requests_race_one_job_of_a_key_lives()
    {
        await Task.WhenAll(Enumerable.Range(0, 96).Select(async i =>
        {
            if (i % 3 == 0)
            {
                foreach (var claimed in await api.ClaimAsync(queue))
                {
                    await api.SettleAsync(claimed, i % 2 == 0 ? "ack" : "nack", i % 2 == 0 ? "" : "\"dead\":true");
                }
            }
            else
            {
                await PostAsync(i % 3 == 1 ? Key : Replace);
            }
        }));

        var counts = await api.QueueAsync(queue);
        Assert.InRange(counts.Ready + counts.Leased, 0, 1);
        await api.RedriveAsync(queue);
        counts = await api.QueueAsync(queue);
        Assert.Equal(counts.Totals.Died > 0 || counts.Ready > 0 ? 1 : 0, counts.Ready);
        Api.AssertAddsUp(counts);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("without a key")]
    [InlineData("dead")]
    [InlineData("of another queue")]
    public async Task A_stale_lock_keeps_nobody_out(string how)
    {
        var other = Api.NewQueue();
        var holder = how switch
        {
            "gone" => "0-01M83VNRT5000009VMC8KNA3D9",
            "without a key" => (await api.ScheduleAsync(queue, "\"delayMs\":60000")).Id,
            "dead" => (await api.DeadAsync(queue))[0],
            _ => (await api.ScheduleAsync(other, Key)).Id,
        };
        if (how == "of another queue")
        {
            await api.ClaimOneAsync(other, "\"leaseMs\":1000");
            api.Advance(1000);
        }

        var database = await api.Service<StoreConnection>().DatabaseAsync();
        await database.HashSetAsync(api.Service<Partitions>().First.Unique, $"default/{queue} k", Api.StoredId(holder));

        var job = await api.ScheduleAsync(queue, Reject);

        await AssertHeldAsync(job.Id);
        await api.AssertSoundAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await api.CancelAsync(job.Id)).StatusCode);
        await api.ScheduleAsync(queue, Reject);
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : UniqueLockTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : UniqueLockTests(api), IClassFixture<RedisApi>;
}
