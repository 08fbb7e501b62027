using System.Net;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class ListJobsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Ready_and_scheduled_jobs_are_listed_in_the_order_of_claims()
    {
        var late = await api.ScheduleAsync(queue, "\"delayMs\":2000");
        var soon = await api.ScheduleAsync(queue, "\"delayMs\":1000");
        var high = await api.ScheduleAsync(queue, "\"delayMs\":3000,\"priority\":7");
        var first = await api.ScheduleAsync(queue);
        var second = await api.ScheduleAsync(queue);
        var urgent = await api.ScheduleAsync(queue, "\"priority\":9", payload: "{\"a\": 1.0}");

        var scheduled = await api.ListAsync(queue, "scheduled");
        var ready = await api.ListAsync(queue, "ready");

        Assert.Equal([high.Id, soon.Id, late.Id], scheduled.Jobs.Select(job => job.Id));
        Assert.Equal([urgent.Id, first.Id, second.Id], ready.Jobs.Select(job => job.Id));
        Assert.All(scheduled.Jobs, job => Assert.Equal(JobState.Scheduled, job.State));
        Assert.Equal("{\"a\": 1.0}", System.Text.Encoding.UTF8.GetString(ready.Jobs[0].Payload.Utf8.Span));
        Assert.Equal((null, null), (scheduled.Next, ready.Next));
    }

    [Fact]
    public async Task Leased_jobs_are_listed_by_the_end_of_the_lease_and_dead_ones_by_time_of_death()
    {
        await api.ScheduleAsync(queue);
        var longer = await api.ClaimOneAsync(queue, "\"leaseMs\":9000");
        await api.ScheduleAsync(queue);
        var shorter = await api.ClaimOneAsync(queue, "\"leaseMs\":5000");
        var dead = await api.DeadAsync(queue);
        api.Advance(1);
        dead = [.. dead, .. await api.DeadAsync(queue)];

        Assert.Equal([shorter.Id, longer.Id], (await api.ListAsync(queue, "leased")).Jobs.Select(job => job.Id));
        Assert.Equal(dead, (await api.ListAsync(queue, "dead")).Jobs.Select(job => job.Id));
        api.Advance(5000);
        Assert.Equal([longer.Id], (await api.ListAsync(queue, "leased")).Jobs.Select(job => job.Id));
    }

    [Theory]
    [InlineData("ready", 1)]
    [InlineData("ready", 7)]
    [InlineData("scheduled", 50)]
    public async Task Pages_show_every_job_once_also_where_many_have_the_same_run_at_and_leave_meanwhile(string state, int limit)
    {
        var jobs = new List<Job>();
        for (var i = 0; i < 60; i++)
        {
            jobs.Add(await api.ScheduleAsync(queue, $"\"priority\":{i % 3},\"delayMs\":{(state == "ready" ? 0 : 60_000 + (i / 30))}"));
        }

        var expected = jobs.OrderByDescending(job => job.Priority).ThenBy(job => job.RunAt).Select(job => job.Id).ToArray();
        var seen = new List<string>();
        string? next = null;
        do
        {
            var page = await api.ListAsync(queue, state, $"&limit={limit}{(next is null ? "" : "&cursor=" + next)}");
            Assert.InRange(page.Jobs.Count, 1, limit);
            seen.AddRange(page.Jobs.Select(job => job.Id));
            next = page.Next;
            // What was shown goes, with the job at which the page has ended.
            await Task.WhenAll(page.Jobs.Select(job => api.CancelAsync(job.Id)));
        }
        while (next is not null);

        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task A_page_may_be_larger_than_what_one_script_reads()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 230).Select(async _ => (await api.ScheduleAsync(queue)).Id));

        var page = await api.ListAsync(queue, "ready", "&limit=220");
        var rest = await api.ListAsync(queue, "ready", $"&limit=220&cursor={page.Next}");

        Assert.Equal((220, 10, null), (page.Jobs.Count, rest.Jobs.Count, rest.Next));
        Assert.Equal(ids.Order(StringComparer.Ordinal), page.Jobs.Concat(rest.Jobs).Select(job => job.Id));
    }

    [Fact]
    public async Task A_page_ends_early_where_its_jobs_are_large()
    {
        var payload = $"\"{new string('x', 1_000_000)}\"";
        for (var i = 0; i < 22; i++)
        {
            await api.ScheduleAsync(queue, payload: payload);
        }

        var page = await api.ListAsync(queue, "ready");
        var rest = await api.ListAsync(queue, "ready", $"&cursor={page.Next}");

        // A page ends with the job that takes it over 8 MiB.
        var last = await api.ListAsync(queue, "ready", $"&cursor={rest.Next}");
        Assert.Equal((9, 9, 4, null), (page.Jobs.Count, rest.Jobs.Count, last.Jobs.Count, last.Next));
    }

    [Fact]
    public async Task A_stray_id_is_not_listed()
    {
        var job = await api.ScheduleAsync(queue);
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        await database.SortedSetAddAsync(api.Service<Partitions>().First.Indexes($"default/{queue}").Last(), Api.StoredId(job.Id), 5);

        Assert.Empty((await api.ListAsync(queue, "dead")).Jobs);
        await database.SortedSetRemoveAsync(api.Service<Partitions>().First.Indexes($"default/{queue}").Last(), Api.StoredId(job.Id));
    }

    [Fact]
    public async Task A_queue_that_is_not_there_has_no_jobs() => Assert.Empty((await api.ListAsync(queue, "ready")).Jobs);

    [Theory]
    [InlineData("", "queue")]
    [InlineData("?queue=a", "state")]
    [InlineData("?state=ready", "queue")]
    [InlineData("?queue=UPPER&state=ready", "queue")]
    [InlineData("?queue=a&queue=b&state=ready", "queue")]
    [InlineData("?queue=a&state=Ready", "state")]
    [InlineData("?queue=a&state=0", "state")]
    [InlineData("?queue=a&state=", "state")]
    [InlineData("?queue=a&state=ready&limit=0", "limit")]
    [InlineData("?queue=a&state=ready&limit=1001", "limit")]
    [InlineData("?queue=a&state=ready&limit=%2B5", "limit")]
    [InlineData("?queue=a&state=ready&limit=x", "limit")]
    [InlineData("?queue=a&state=ready&limit=", "limit")]
    [InlineData("?queue=a&state=ready&limit=1&limit=2", "limit")]
    [InlineData("?queue=a&state=ready&cursor=", "cursor")]
    [InlineData("?queue=a&state=ready&cursor=AAAA", "cursor")]
    [InlineData("?queue=a&state=ready&cursor=%00", "cursor")]
    [InlineData("?queue=a&state=ready&State=dead", "state")]
    [InlineData("?queue=a&state=ready&offset=5", "offset")]
    public async Task A_query_parameter_that_is_not_valid_is_named(string query, string name) =>
        await Api.AssertInvalidAsync(await api.GetAsync("/jobs" + query), name);

    [Fact]
    public async Task A_cursor_belongs_to_the_list_that_gave_it()
    {
        await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue);
        var cursor = (await api.ListAsync(queue, "ready", "&limit=1")).Next;

        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync($"/jobs?queue={queue}&state=ready&cursor={cursor}")).StatusCode);
        await Api.AssertInvalidAsync(await api.GetAsync($"/jobs?queue={queue}&state=dead&cursor={cursor}"), "cursor");
        await Api.AssertInvalidAsync(await api.GetAsync($"/jobs?queue={queue}x&state=ready&cursor={cursor}"), "cursor");
        await Api.AssertInvalidAsync(await api.GetAsync($"/jobs?queue={queue}&state=ready&cursor={cursor}A"), "cursor");
    }

    public sealed class OnEmbedded(EmbeddedApi api) : ListJobsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ListJobsTests(api), IClassFixture<RedisApi>;
}
