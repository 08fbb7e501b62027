using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Leases;

public abstract class SettleJobsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Every_item_is_settled_or_refused_by_itself_and_answered_in_order()
    {
        var jobs = await ClaimAsync(4);
        await api.CancelAsync(jobs[2].Id);

        var results = await SettleAsync(
            [Item(jobs[0]), "{\"id\":\"x\",\"leaseToken\":\"y\"}", "7", Item(jobs[2])],
            [Item(jobs[1], "\"delayMs\":5000"), Item(jobs[0]), Item(jobs[3], "\"dead\":true"), Item(jobs[1], "\"delay\":1")]);

        Assert.Equal([204, 404, 400, 409, 200, 409, 200, 400], results.Select(result => result.Status));
        Assert.Equal((JobState.Scheduled, JobState.Dead), (results[4].State, results[6].State));
        Assert.Equal(api.Clock.GetUtcNow().AddSeconds(5), results[4].RunAt);
        Assert.EndsWith(":job-cancelled", results[3].Problem!.Type, StringComparison.Ordinal);
        Assert.EndsWith(":lease-lost", results[5].Problem!.Type, StringComparison.Ordinal);
        Assert.Equal("delay", Assert.Single(results[7].Problem!.Errors!).Key);
        var totals = (await api.QueueAsync(queue)).Totals;
        Assert.Equal((1, 2, 1), (totals.Acked, totals.Nacked, totals.Cancelled));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_thousand_acks_count_once_though_they_are_sent_twice()
    {
        var jobs = await ClaimAsync(1000);
        var acks = jobs.Select(job => Item(job)).ToArray();

        var first = await SettleAsync(acks, []);
        var second = await SettleAsync(acks, []);

        Assert.All(first.Concat(second), result => Assert.Equal(204, result.Status));
        Assert.Equal(1000, (await api.QueueAsync(queue)).Totals.Acked);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"acks\":[],\"nacks\":[]}")]
    [InlineData("{\"acks\":7}")]
    public async Task Nothing_to_settle_is_a_mistake(string body) =>
        await Api.AssertProblemAsync(await api.PostAsync("/jobs/settle", body), HttpStatusCode.BadRequest, "validation");

    [Fact]
    public async Task More_than_a_thousand_items_in_all_are_refused() => await Api.AssertProblemAsync(
        await api.PostAsync("/jobs/settle", $$"""{"acks":[{{string.Join(',', Enumerable.Repeat("1", 600))}}],"nacks":[{{string.Join(',', Enumerable.Repeat("1", 401))}}]}"""),
        HttpStatusCode.BadRequest, "validation");

    private async Task<IReadOnlyList<ClaimJobs.ClaimedJob>> ClaimAsync(int count)
    {
        await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat($$"""{"queue":"{{queue}}","payload":1}""", count))}}]}""");
        var jobs = new List<ClaimJobs.ClaimedJob>();
        while (jobs.Count < count)
        {
            jobs.AddRange(await api.ClaimAsync(queue, "\"limit\":100"));
        }

        return jobs;
    }

    private static string Item(ClaimJobs.ClaimedJob job, string fields = "") =>
        $$"""{"id":"{{job.Id}}","leaseToken":"{{job.Lease.Token}}"{{(fields.Length > 0 ? "," + fields : "")}}}""";

    private async Task<IReadOnlyList<SettleJobs.Result>> SettleAsync(string[] acks, string[] nacks) => (await Api.ReadAsync(
        await api.PostAsync("/jobs/settle", $$"""{"acks":[{{string.Join(',', acks)}}],"nacks":[{{string.Join(',', nacks)}}]}"""), WireJson.Default.SettleJobsResponse)).Results;

    public sealed class OnEmbedded(EmbeddedApi api) : SettleJobsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : SettleJobsTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : SettleJobsTests(api), IClassFixture<PartitionedApi>;
}
