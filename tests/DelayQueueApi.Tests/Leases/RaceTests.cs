using System.Net;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Leases;

/// <summary>Calls that cannot both win, sent at the same time to the same jobs.</summary>
public abstract class RaceTests(Api api)
{
    private const int Jobs = 64;

    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task One_of_ack_nack_release_and_cancel_decides_each_job()
    {
        var leased = await ClaimAsync();

        var answers = await Task.WhenAll(leased.Select(job => Task.WhenAll(
            api.SettleAsync(job, "ack"), api.SettleAsync(job, "nack", "\"dead\":true"), api.SettleAsync(job, "release"),
            api.SettleAsync(job, "extend", "\"leaseMs\":60000"), api.CancelAsync(job.Id))));

        foreach (var (ack, nack, release, cancel) in answers.Select(a => (Won(a[0]), Won(a[1]), Won(a[2]), Won(a[4]))))
        {
            // A job that was released first may still be cancelled; one that was cancelled first can be settled by nobody.
            Assert.True((ack ? 1 : 0) + (nack ? 1 : 0) + (release ? 1 : 0) + (cancel && !release ? 1 : 0) == 1, $"ack {ack}, nack {nack}, release {release}, cancel {cancel}");
        }

        await AssertCountsAsync();
    }

    [Fact]
    public async Task An_ack_and_the_end_of_its_lease_do_not_both_happen()
    {
        var leased = await ClaimAsync();
        var early = leased.Take(Jobs / 2).Select(job => api.SettleAsync(job, "ack")).ToArray();

        api.Advance(1000);
        var late = leased.Skip(Jobs / 2).Select(job => api.SettleAsync(job, "ack")).ToArray();
        await Task.WhenAll([api.ReapAsync(), api.ReapAsync(), api.ClaimAsync(queue, "\"limit\":100"), .. early, .. late]);

        foreach (var (job, answer) in leased.Zip(await Task.WhenAll([.. early, .. late])))
        {
            var again = await api.GetAsync($"/jobs/{job.Id}");
            Assert.Equal(Won(answer) ? HttpStatusCode.NotFound : HttpStatusCode.OK, again.StatusCode);
        }

        Assert.All(late, answer => Assert.Equal(HttpStatusCode.Conflict, answer.Result.StatusCode));
        await AssertCountsAsync();
    }

    [Fact]
    public async Task Parallel_claims_share_no_job()
    {
        await Task.WhenAll(Enumerable.Range(0, Jobs).Select(_ => api.ScheduleAsync(queue)));

        var claims = await Task.WhenAll(Enumerable.Range(0, Jobs).Select(i => api.ClaimAsync(queue, $"\"limit\":{(i % 3) + 1}")));

        var ids = claims.SelectMany(jobs => jobs).Select(job => job.Id).ToArray();
        Assert.Equal((Jobs, Jobs), (ids.Length, ids.Distinct().Count()));
        await AssertCountsAsync();
    }

    /// <summary>The calls of one instance reach the store one after the other, those of two do not.</summary>
    [Fact]
    public async Task Parallel_claims_of_two_instances_share_no_job()
    {
        using var other = api.AnotherInstance();
        for (var round = 0; round < 30; round++)
        {
            var each = Api.NewQueue();
            await Task.WhenAll(Enumerable.Range(0, Jobs).Select(_ => api.ScheduleAsync(each)));

            var claims = await Task.WhenAll(Enumerable.Range(0, Jobs).Select(i => Api.ClaimAsync(i % 2 == 0 ? api.Client : other, each, "\"limit\":2")));

            var ids = claims.SelectMany(jobs => jobs).Select(job => job.Id).ToArray();
            Assert.Equal((Jobs, Jobs), (ids.Length, ids.Distinct().Count()));
        }
    }

    private static bool Won(HttpResponseMessage answer) => answer.IsSuccessStatusCode;

    private async Task<IReadOnlyList<DelayQueueApi.Leases.ClaimJobs.ClaimedJob>> ClaimAsync()
    {
        await Task.WhenAll(Enumerable.Range(0, Jobs).Select(_ => api.ScheduleAsync(queue)));
        return await api.ClaimAsync(queue, "\"limit\":100,\"leaseMs\":1000");
    }

    private async Task AssertCountsAsync()
    {
        var counts = await api.QueueAsync(queue);
        Assert.Equal(counts.Totals.Created, counts.Scheduled + counts.Ready + counts.Leased + counts.Dead + counts.Totals.Acked + counts.Totals.Cancelled);
        Assert.Equal(Jobs, counts.Totals.Created);
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : RaceTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : RaceTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : RaceTests(api), IClassFixture<PartitionedApi>;
}
