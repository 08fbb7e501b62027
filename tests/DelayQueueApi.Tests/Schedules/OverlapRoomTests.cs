using System.Net;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Schedules;

/// <summary>A new job of a schedule takes the unique key and the room of the last one, or the last one stays.</summary>
public abstract class OverlapRoomTests(Api api) : Overlaps(api)
{
    [Theory]
    [InlineData("return")]
    [InlineData("replace")]
    [InlineData("reject")]
    public async Task A_new_job_takes_the_unique_key_of_the_one_that_it_replaces(string onConflict)
    {
        await PutAsync("replace", $$""","unique":{"key":"k","onConflict":"{{onConflict}}"}""");
        await FireNextAsync();

        var second = await FireNextAsync();

        await Api.AssertProblemAsync(await RejectedAsync(), HttpStatusCode.Conflict, "unique-conflict");
        Assert.Equal(second, (await api.ClaimOneAsync(name)).Id);
        await AssertTotalsAsync(created: 2, cancelled: 1);
    }

    [Theory]
    [InlineData("return")]
    [InlineData("replace")]
    [InlineData("reject")]
    public async Task While_a_worker_has_the_unique_key_nobody_is_told_to_stop_for_a_job_that_is_not_made(string onConflict)
    {
        await PutAsync("replace", $$""","unique":{"key":"k","onConflict":"{{onConflict}}"}""");
        await FireNextAsync();
        var first = await api.ClaimOneAsync(name);

        await FireNextAsync();

        Assert.Null((await api.JobAsync(first.Id)).CancelRequested);
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(first, "ack")).StatusCode);
        await AssertTotalsAsync(created: 1, cancelled: 0);
    }

    [Fact]
    public async Task A_last_job_stays_where_another_job_keeps_the_new_one_out()
    {
        await PutAsync("replace");
        var first = await FireNextAsync();
        await api.ScheduleAsync(name, "\"unique\":{\"key\":\"k\"}");
        await PutAsync("replace", ",\"unique\":{\"key\":\"k\"}", HttpStatusCode.OK);

        var last = await FireNextAsync();

        Assert.Equal((first, JobState.Ready), (last, (await api.JobAsync(first)).State));
        await AssertTotalsAsync(created: 2, cancelled: 0);
    }

    [Fact]
    public async Task In_a_full_queue_a_new_job_takes_the_place_of_the_last_one()
    {
        await api.PutAsync($"/queues/{name}", "{\"maxLength\":1}");
        await PutAsync("replace");
        await FireNextAsync();

        var second = await FireNextAsync();

        Assert.Equal(second, (await api.ClaimOneAsync(name)).Id);
        await AssertTotalsAsync(created: 2, cancelled: 1);
    }

    [Fact]
    public async Task In_a_full_queue_several_schedules_replace_their_jobs_in_one_step()
    {
        await api.PutAsync($"/queues/{name}", "{\"maxLength\":3}");
        string[] schedules = [name, name + "-b", name + "-c"];
        foreach (var schedule in schedules)
        {
            await PutAsync("replace", schedule: schedule);
        }

        await FireNextAsync();
        await FireNextAsync();

        var last = await Task.WhenAll(schedules.Select(async schedule => (await GetAsync(schedule)).LastJobId));
        Assert.Equal(last.Order(), (await api.ClaimAsync(name, "\"limit\":9")).Select(job => job.Id).Order());
        await AssertTotalsAsync(created: 6, cancelled: 3);
    }

    [Fact]
    public async Task A_worker_in_a_full_queue_is_not_told_to_stop_for_a_job_that_is_not_made()
    {
        await api.PutAsync($"/queues/{name}", "{\"maxLength\":1}");
        await PutAsync("replace");
        await FireNextAsync();
        var first = await api.ClaimOneAsync(name);

        var last = await FireNextAsync();

        Assert.Equal((first.Id, null), (last, (await api.JobAsync(first.Id)).CancelRequested));
        await AssertTotalsAsync(created: 1, cancelled: 0);
    }

    [Fact]
    public async Task A_job_that_goes_from_one_queue_makes_no_room_in_another_that_is_full()
    {
        await PutAsync("replace");
        var first = await FireNextAsync();
        await PutAsync("replace", status: HttpStatusCode.OK, queue: name + ".new");
        await api.ScheduleAsync(name + ".new");
        await api.PutAsync($"/queues/{name}.new", "{\"maxLength\":1}");

        var last = await FireNextAsync();

        Assert.Equal((first, JobState.Ready), (last, (await api.JobAsync(first)).State));
        Assert.Equal(1, (await api.QueueAsync(name + ".new")).Ready);
        await api.AssertSoundAsync();
    }

    private Task<HttpResponseMessage> RejectedAsync() =>
        api.PostAsync("/jobs", $$"""{"queue":"{{name}}","payload":1,"unique":{"key":"k","onConflict":"reject"} }""");

    public sealed class OnEmbedded(EmbeddedApi api) : OverlapRoomTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : OverlapRoomTests(api), IClassFixture<RedisApi>;
}
