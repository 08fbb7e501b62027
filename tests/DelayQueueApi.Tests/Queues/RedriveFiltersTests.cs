using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

public abstract class RedriveFiltersTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task A_dry_run_counts_and_changes_nothing()
    {
        await api.DeadAsync(queue, 45);
        var other = await api.DeadAsync(queue, 3, "Other");
        var before = await api.QueueAsync(queue);

        Assert.Equal(new(48, 0), await RedriveAsync("\"dryRun\":true"));
        Assert.Equal(new(30, 0), await RedriveAsync("\"dryRun\":true,\"limit\":30"));
        Assert.Equal(new(3, 0), await RedriveAsync("\"dryRun\":true,\"errorType\":\"Other\""));
        Assert.Equal(new(1, 0), await RedriveAsync($"\"dryRun\":true,\"ids\":[\"{other[1]}\",\"nonsense\",\"0-01ARZ3NDEKTSV4RRFFQ69G5FAV\"]"));
        Assert.Equivalent(before, await api.QueueAsync(queue), strict: true);

        Assert.Equal(new(48, 48), await RedriveAsync("\"dryRun\":false"));
        Assert.Equal(new(0, 0), await RedriveAsync("\"dryRun\":true"));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Times_of_death_choose_from_the_first_instant_to_before_the_last()
    {
        var (ids, at) = (new List<string>(), new List<string>());
        for (var i = 0; i < 5; i++)
        {
            at.Add(Now());
            ids.AddRange(await api.DeadAsync(queue, 30));
            api.Advance(1000);
        }

        Assert.Equal(90, (await RedriveAsync($"\"dryRun\":true,\"diedAfter\":\"{at[2]}\"")).Matched);
        Assert.Equal(60, (await RedriveAsync($"\"dryRun\":true,\"diedBefore\":\"{at[2]}\"")).Matched);
        Assert.Equal(1, (await RedriveAsync($"\"dryRun\":true,\"diedBefore\":\"{at[2]}\",\"diedAfter\":\"{at[1]}\",\"limit\":1")).Matched);
        Assert.Equal(new(60, 60), await RedriveAsync($"\"diedAfter\":\"{at[1]}\",\"diedBefore\":\"{at[3]}\""));

        Assert.Equal([.. ids[..30], .. ids[90..]], (await api.ListAsync(queue, "dead", "&limit=1000")).Jobs.Select(job => job.Id));
        Assert.Equal(new(0, 0), await RedriveAsync($"\"diedAfter\":\"{Now()}\""));
        Assert.Equal(new(0, 0), await RedriveAsync($"\"diedBefore\":\"{at[0]}\""));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Metadata_chooses_jobs_that_have_all_the_pairs()
    {
        var both = await api.DeadAsync(queue, 25, fields: "\"metadata\":{\"k\":\"v\",\"x\":\"a \\\"b\\\" ☎\"}");
        await api.DeadAsync(queue, 25, fields: "\"metadata\":{\"k\":\"v\"}");
        await api.DeadAsync(queue, 25, fields: "\"metadata\":{\"a\":\":\",\"b\":\"c\"}");
        await api.DeadAsync(queue);

        Assert.Equal(50, (await RedriveAsync("\"dryRun\":true,\"metadata\":{\"k\":\"v\"}")).Matched);
        Assert.Equal(0, (await RedriveAsync("\"dryRun\":true,\"metadata\":{\"k\":\"w\"}")).Matched);
        Assert.Equal(0, (await RedriveAsync("\"dryRun\":true,\"metadata\":{\":\":\",\"}")).Matched);
        Assert.Equal(new(25, 25), await RedriveAsync("\"metadata\":{\"x\":\"a \\\"b\\\" ☎\",\"k\":\"v\"}"));

        Assert.Equal(both, (await api.ListAsync(queue, "ready")).Jobs.Select(job => job.Id));
    }

    [Fact]
    public async Task All_that_is_said_must_hold()
    {
        await api.DeadAsync(queue, fields: "\"metadata\":{\"k\":\"v\"}");
        api.Advance(1);
        var after = Now();
        var wrongType = await api.DeadAsync(queue, 1, "Other", "\"metadata\":{\"k\":\"v\"}");
        var wrongPair = await api.DeadAsync(queue, 1, fields: "\"metadata\":{\"k\":\"w\"}");
        var meant = await api.DeadAsync(queue, 3, fields: "\"metadata\":{\"k\":\"v\"}");
        var filter = $$"""
            "errorType":"Boom","metadata":{"k":"v"},"diedAfter":"{{after}}"
            """;

        Assert.Equal(new(1, 1), await RedriveAsync($"{filter},\"ids\":[\"{wrongType[0]}\",\"{wrongPair[0]}\",\"{meant[2]}\"]"));
        Assert.Equal(new(1, 1), await RedriveAsync($"{filter},\"limit\":1"));
        Assert.Equal(new(1, 1), await RedriveAsync(filter));

        Assert.Equal(meant.Order(StringComparer.Ordinal), (await api.ListAsync(queue, "ready")).Jobs.Select(job => job.Id).Order(StringComparer.Ordinal));
        Assert.Equal(3, (await api.QueueAsync(queue)).Dead);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_job_that_ran_out_of_leases_has_no_error_type()
    {
        await api.ScheduleAsync(queue, "\"maxAttempts\":1");
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);
        await api.ReapAsync();

        Assert.Equal(new(0, 0), await RedriveAsync("\"errorType\":\"e\""));
        Assert.Equal(new(1, 1), await RedriveAsync(""));
    }

    [Theory]
    [InlineData("\"diedAfter\":\"yesterday\"", "diedAfter")]
    [InlineData("\"diedBefore\":5", "diedBefore")]
    [InlineData("\"diedAfter\":\"2030-01-01T00:00:00Z\",\"diedBefore\":\"2030-01-01T00:00:00Z\"", "diedBefore")]
    [InlineData("\"metadata\":{}", "metadata")]
    [InlineData("\"metadata\":{\"k\":null}", "metadata")]
    [InlineData("\"metadata\":{\"k\":1}", "metadata.k")]
    [InlineData("\"dryRun\":\"true\"", "dryRun")]
    public async Task What_is_not_valid_is_named_and_redrives_nothing(string fields, string field)
    {
        await api.DeadAsync(queue);

        await Api.AssertInvalidAsync(await api.PostAsync($"/queues/{queue}/redrive", $"{{{fields}}}"), field);

        Assert.Equal(1, (await api.QueueAsync(queue)).Dead);
    }

    private async Task<RedriveJobs.Response> RedriveAsync(string fields) =>
        await Api.ReadAsync(await api.PostAsync($"/queues/{queue}/redrive", $"{{{fields}}}"), WireJson.Default.RedriveJobsResponse);

    private string Now() => api.Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    public sealed class OnEmbedded(EmbeddedApi api) : RedriveFiltersTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : RedriveFiltersTests(api), IClassFixture<RedisApi>;
}
