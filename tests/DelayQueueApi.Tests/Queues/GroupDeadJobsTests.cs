using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

/// <summary>GET /queues/{queue}/dead</summary>
public abstract class GroupDeadJobsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task They_are_counted_by_error_type_the_largest_group_first()
    {
        await api.DeadAsync(queue, 3, "timeout");
        await api.DeadAsync(queue, 5, "refused");
        await api.DeadAsync(queue, 1, "");

        var found = await FindAsync();

        Assert.Equal((9, 9, 0, null), (found.Dead, found.LookedAt, found.Others, found.Next));
        Assert.Equal([("refused", 5), ("timeout", 3), ("", 1)], found.Groups.Select(group => (group.ErrorType, group.Jobs)));
    }

    [Fact]
    public async Task A_group_tells_when_it_began_and_what_its_newest_job_says()
    {
        await DieAsync("\"errorType\":\"refused\",\"error\":\"at first\"");
        var first = api.Clock.GetUtcNow();
        api.Advance(1000);
        await DieAsync("\"errorType\":\"refused\",\"error\":\"in between\"");
        api.Advance(1000);
        var newest = await DieAsync("\"errorType\":\"refused\",\"error\":\"at last\"");

        Assert.Equal([new DeadGroup("refused", 3, 0, first, first.AddSeconds(2), newest, "at last")], (await FindAsync()).Groups);
    }

    [Fact]
    public async Task Those_whose_last_lease_ran_out_are_told_apart()
    {
        await DieAsync("\"errorType\":\"refused\"");
        var job = await api.ScheduleAsync(queue, "\"maxAttempts\":2");
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"errorType\":\"refused\",\"delayMs\":0");
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        await api.ScheduleAsync(queue, "\"maxAttempts\":1");
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);
        await api.ReapAsync();

        var found = await FindAsync();

        Assert.Equal([("refused", 2, 1), ("", 1, 1)], found.Groups.Select(group => (group.ErrorType, group.Jobs, group.LeasesExpired)));
        Assert.Equal(job.Id, found.Groups[0].LastId);
        Assert.Null(found.Groups[0].LastMessage);
    }

    [Fact]
    public async Task A_cursor_goes_on_until_all_are_looked_at_once()
    {
        await api.DeadAsync(queue, 130, "timeout");
        await api.DeadAsync(queue, 20, "refused");

        var (pages, next) = (new List<GroupDeadJobs.Response>(), "");
        do
        {
            pages.Add(await FindAsync($"?lookAt=40{(next.Length > 0 ? "&cursor=" + next : "")}"));
            next = pages[^1].Next ?? "";
        }
        while (next.Length > 0);

        Assert.All(pages, page => Assert.InRange(page.LookedAt, 0, 40));
        Assert.All(pages, page => Assert.Equal((150, page.LookedAt), (page.Dead, page.Groups.Sum(group => group.Jobs))));
        Assert.Equal((130, 20), (Count("timeout"), Count("refused")));

        long Count(string type) => pages.Sum(page => page.Groups.Where(group => group.ErrorType == type).Sum(group => group.Jobs));
    }

    [Fact]
    public async Task What_has_types_beyond_a_hundred_counts_as_others()
    {
        for (var i = 0; i < DeadGroups.MaxGroups + 5; i++)
        {
            await api.DeadAsync(queue, errorType: $"order {i}");
        }

        var found = await FindAsync();

        Assert.Equal((DeadGroups.MaxGroups, 5), (found.Groups.Count, found.Others));
    }

    [Theory]
    [InlineData("<b>\\u0001 \\\"ü☎😀\\\" =a\\n")]
    [InlineData("=")]
    [InlineData("timeout ")]
    public async Task Any_text_may_be_a_type_and_its_jobs_are_listed_and_redriven_by_it(string type)
    {
        var meant = await DieAsync($"\"errorType\":\"{type}\"");
        await DieAsync("\"errorType\":\"timeout\"");
        await DieAsync("\"error\":\"no type\"");
        var text = System.Text.Json.JsonSerializer.Deserialize<string>($"\"{type}\"")!;

        Assert.Equal(meant, Assert.Single((await FindAsync()).Groups, group => group.ErrorType == text).LastId);
        Assert.Equal([meant], await ListAsync(text));
        Assert.Equal(1, await api.RedriveAsync(queue, $$"""{"errorType":"{{type}}"}"""));

        Assert.Equal("ready", await StateAsync(meant));
    }

    [Fact]
    public async Task Those_without_a_type_are_listed_and_redriven_by_an_empty_one()
    {
        await DieAsync("\"errorType\":\"timeout\"");
        var meant = new[] { await DieAsync("\"error\":\"no type\""), await DieAsync("\"error\":\"\""), await DieAsync("\"dead\":true") };

        Assert.Equal(("", 3), (await FindAsync()).Groups[0] is var group ? (group.ErrorType, group.Jobs) : default);
        Assert.Equal(meant.Order(StringComparer.Ordinal), (await ListAsync("")).Order(StringComparer.Ordinal));
        Assert.Equal(3, await api.RedriveAsync(queue, "{\"errorType\":\"\"}"));

        Assert.Equal(["ready", "ready", "ready"], await Task.WhenAll(meant.Select(StateAsync)));
        Assert.Equal(1, (await api.QueueAsync(queue)).Dead);
    }

    [Fact]
    public async Task A_redrive_at_a_rate_takes_those_without_a_type_too()
    {
        await DieAsync("\"errorType\":\"timeout\"");
        var meant = await DieAsync("\"error\":\"no type\"");
        await new RedriveRun(api, queue).StartAsync("\"ratePerSecond\":1000,\"errorType\":\"\"");

        await new RedriveRun(api, queue).RunAsync();

        Assert.Equal(("ready", 1), (await StateAsync(meant), (await api.QueueAsync(queue)).Dead));
    }

    [Fact]
    public async Task A_queue_without_dead_jobs_has_no_groups_and_one_that_is_not_there_is_404()
    {
        await api.ScheduleAsync(queue);

        Assert.Equivalent(new GroupDeadJobs.Response(0, 0, [], 0), await FindAsync(), strict: true);
        await Api.AssertProblemAsync(await api.GetAsync($"/queues/{queue}x/dead"), HttpStatusCode.NotFound, "queue-not-found");
    }

    [Theory]
    [InlineData("?lookAt=0", "lookAt")]
    [InlineData("?lookAt=100001", "lookAt")]
    [InlineData("?lookAt=ten", "lookAt")]
    [InlineData("?cursor=nonsense", "cursor")]
    [InlineData("?limit=10", "limit")]
    public async Task What_is_not_valid_is_named(string query, string field) =>
        await Api.AssertInvalidAsync(await api.GetAsync($"/queues/{queue}/dead{query}"), field);

    [Theory]
    [InlineData("a%00b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789")]
    public async Task What_cannot_be_a_type_lists_nothing(string type) =>
        await Api.AssertInvalidAsync(await api.GetAsync($"/jobs?queue={queue}&state=dead&errorType={type}"), "errorType");

    [Fact]
    public async Task Jobs_that_wait_for_their_next_attempt_are_listed_by_type_too()
    {
        await api.ScheduleAsync(queue);
        var failed = await api.ClaimOneAsync(queue);
        await api.SettleAsync(failed, "nack", "\"errorType\":\"timeout\",\"delayMs\":60000");
        await api.ScheduleAsync(queue, "\"delayMs\":1000");

        Assert.Equal([failed.Id], (await api.ListAsync(queue, "scheduled", "&errorType=timeout")).Jobs.Select(job => job.Id));
        Assert.Single((await api.ListAsync(queue, "scheduled", "&errorType=")).Jobs);
    }

    /// <returns>The id of a job that dies at its first attempt.</returns>
    private async Task<string> DieAsync(string fields)
    {
        var job = await api.ScheduleAsync(queue, "\"maxAttempts\":1");
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", fields);
        return job.Id;
    }

    private async Task<GroupDeadJobs.Response> FindAsync(string query = "") =>
        await Api.ReadAsync(await api.GetAsync($"/queues/{queue}/dead{query}"), WireJson.Default.GroupDeadJobsResponse);

    private async Task<string[]> ListAsync(string type) =>
        [.. (await api.ListAsync(queue, "dead", $"&errorType={Uri.EscapeDataString(type)}")).Jobs.Select(job => job.Id)];

    private async Task<string> StateAsync(string id) => (await api.JobAsync(id)).State.ToString().ToLowerInvariant();

    public sealed class OnEmbedded(EmbeddedApi api) : GroupDeadJobsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : GroupDeadJobsTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : GroupDeadJobsTests(api), IClassFixture<PartitionedApi>;
}
