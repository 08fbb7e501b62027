using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Schedules;

/// <summary>What becomes of the last job of a schedule when it fires again.</summary>
public abstract class OverlapTests(Api api) : Overlaps(api)
{
    [Fact]
    public async Task A_last_job_that_nobody_has_is_cancelled_and_the_new_one_made()
    {
        await PutAsync("replace");
        var first = await FireNextAsync();

        var second = await FireNextAsync();

        Assert.NotEqual(first, second);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{first}")).StatusCode);
        Assert.Equal((second, api.Clock.GetUtcNow()), ((await api.ClaimOneAsync(name)).Id, (await GetAsync()).LastAt));
        await AssertTotalsAsync(created: 2, cancelled: 1);
    }

    [Fact]
    public async Task A_worker_that_has_the_last_job_is_told_to_stop_and_the_new_one_is_there_at_once()
    {
        await PutAsync("replace");
        await FireNextAsync();
        var first = await api.ClaimOneAsync(name);

        await FireNextAsync();

        Assert.NotEqual(first.Id, (await api.ClaimOneAsync(name)).Id);
        Assert.True((await Api.ReadAsync(await api.SettleAsync(first, "extend", "\"leaseMs\":5000"), WireJson.Default.ExtendLeaseResponse)).CancelRequested);
        await Api.AssertProblemAsync(await api.SettleAsync(first, "ack"), HttpStatusCode.Conflict, "job-cancelled");
        await AssertTotalsAsync(created: 2, cancelled: 1);
    }

    [Fact]
    public async Task Only_the_newest_of_several_jobs_is_replaced()
    {
        await PutAsync("allow");
        var first = await FireNextAsync();
        await PostAsync("trigger");
        await PutAsync("replace", status: HttpStatusCode.OK);
        var second = await FireNextAsync();

        var third = await FireNextAsync();

        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{first}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{second}")).StatusCode);
        Assert.Contains(third, (await api.ClaimAsync(name, "\"limit\":9")).Select(job => job.Id));
        await AssertTotalsAsync(created: 4, cancelled: 2);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"retentionMs\":60000")]
    public async Task A_last_job_that_is_done_is_left_alone(string job)
    {
        await PutAsync("replace", job);
        await FireNextAsync();
        var first = await api.ClaimOneAsync(name);
        await api.SettleAsync(first, "ack");

        await FireNextAsync();

        Assert.Equal(job.Length > 0 ? HttpStatusCode.OK : HttpStatusCode.NotFound, (await api.GetAsync($"/jobs/{first.Id}")).StatusCode);
        await api.ClaimOneAsync(name);
        await AssertTotalsAsync(created: 2, cancelled: 0);
    }

    [Fact]
    public async Task A_last_job_that_is_dead_stays_dead()
    {
        await PutAsync("replace", ",\"maxAttempts\":1");
        await FireNextAsync();
        var first = await api.ClaimOneAsync(name);
        await api.SettleAsync(first, "nack");

        await FireNextAsync();

        Assert.Equal(JobState.Dead, (await api.JobAsync(first.Id)).State);
        await api.ClaimOneAsync(name);
        await AssertTotalsAsync(created: 2, cancelled: 0);
    }

    [Theory]
    [InlineData("skip")]
    [InlineData("replace")]
    public async Task A_last_job_that_has_died_is_dead_before_the_reaper_has_been_there(string overlap)
    {
        await PutAsync(overlap, ",\"maxAttempts\":1,\"leaseMs\":1000");
        await FireNextAsync();
        var first = await api.ClaimOneAsync(name);

        var second = await FireNextAsync();

        Assert.NotEqual(first.Id, second);
        Assert.Equal(JobState.Dead, (await api.JobAsync(first.Id)).State);
        Assert.Equal(second, (await api.ClaimOneAsync(name)).Id);
        await AssertTotalsAsync(created: 2, cancelled: 0);
    }

    [Theory]
    [InlineData("skip")]
    [InlineData("replace")]
    public async Task A_last_job_that_has_expired_is_so_before_the_reaper_has_been_there(string overlap)
    {
        await PutAsync(overlap, ",\"ttlMs\":1000,\"retentionMs\":60000");
        var first = await FireNextAsync();

        var second = await FireNextAsync();

        Assert.Equal(JobState.Expired, (await api.JobAsync(first)).State);
        Assert.Equal(second, (await api.ClaimOneAsync(name)).Id);
        await AssertTotalsAsync(created: 2, cancelled: 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_last_job_is_replaced_also_where_the_next_one_goes_to_another_queue(bool leased)
    {
        await PutAsync("replace");
        var first = await FireNextAsync();
        var held = leased ? await api.ClaimOneAsync(name) : null;
        await PutAsync("replace", status: HttpStatusCode.OK, queue: name + ".new");

        await FireNextAsync();

        Assert.Equal(held is null ? null : true, held is null ? null : (await api.JobAsync(first)).CancelRequested);
        Assert.Equal(held is null ? 1 : 0, (await api.QueueAsync(name)).Totals.Cancelled);
        await api.ClaimOneAsync(name + ".new");
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Sixty_four_schedulers_of_two_instances_leave_the_job_of_the_last_instant_alone()
    {
        await PutAsync("replace");

        for (var i = 0; i < 10; i++)
        {
            api.Advance(1000);
            await api.FireTogetherAsync();
        }

        Assert.Equal((await GetAsync()).LastJobId, (await api.ClaimOneAsync(name, "\"limit\":9")).Id);
        await AssertTotalsAsync(created: 10, cancelled: 9);
    }

    private Task<HttpResponseMessage> PostAsync(string call) => api.PostAsync($"/schedules/{name}/{call}");

    public sealed class OnEmbedded(EmbeddedApi api) : OverlapTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : OverlapTests(api), IClassFixture<RedisApi>;
}
