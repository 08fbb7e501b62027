using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Reaping;

public abstract class ReaperTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task A_job_whose_lease_ran_out_is_ready_without_any_claim()
    {
        await api.ScheduleAsync(queue);
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(999);
        await api.ReapAsync();
        Assert.Equal(1, (await api.QueueAsync(queue)).Leased);

        api.Advance(1);
        await api.ReapAsync();

        var counts = await api.QueueAsync(queue);
        Assert.Equal((1, 0, 1), (counts.Ready, counts.Leased, counts.Totals.LeasesExpired));
    }

    [Fact]
    public async Task A_job_whose_last_lease_ran_out_is_dead_without_any_claim()
    {
        var job = await api.ScheduleAsync(queue, "\"maxAttempts\":1");
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);

        await api.ReapAsync();

        Assert.Equal(JobState.Dead, (await api.JobAsync(job.Id)).State);
        Assert.Equal((0, 1), ((await api.QueueAsync(queue)).Leased, (await api.QueueAsync(queue)).Dead));
    }

    [Fact]
    public async Task More_leases_than_one_script_takes_are_all_reaped()
    {
        for (var i = 0; i < 230; i++)
        {
            await api.ScheduleAsync(queue);
        }

        for (var i = 0; i < 3; i++)
        {
            await api.ClaimAsync(queue, "\"limit\":100,\"leaseMs\":1000");
        }

        api.Advance(1000);
        await api.ReapAsync();

        var counts = await api.QueueAsync(queue);
        Assert.Equal((230, 0, 230), (counts.Ready, counts.Leased, counts.Totals.LeasesExpired));
        await api.AssertSoundAsync();
    }

    /// <summary>Plain jobs, some with attempts of their own, some with a time to live, some in their last attempt, and entries without a record.</summary>
    [Theory]
    [InlineData("pppp")]
    [InlineData("paap")]
    [InlineData("ptpl")]
    [InlineData("tlt")]
    [InlineData("spp")]
    [InlineData("psalt")]
    public async Task Jobs_of_all_kinds_leave_the_leased_ones_once_their_lease_has_ended(string kinds)
    {
        var ids = new List<string>();
        var start = api.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        for (var i = 0; i < kinds.Length; i++)
        {
            var fields = kinds[i] switch { 'a' => ",\"maxAttempts\":3", 'l' => ",\"maxAttempts\":1", 't' => ",\"ttlMs\":60000", _ => "" };
            if (kinds[i] != 's')
            {
                ids.Add((await api.LeasedAsync(queue, $"\"priority\":{i}{fields}", $"\"worker\":\"w{i}\",\"leaseMs\":{1000 + i}")).Id);
            }
        }

        var partition = api.Service<Partitions>().Locate(new JobId(ids[0]))!.Value.Partition;
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        foreach (var (_, i) in kinds.Select((kind, i) => (kind, i)).Where(entry => entry.kind == 's'))
        {
            await database.SortedSetAddAsync(partition.Indexes($"default/{queue}").ElementAt(10), new byte[JobId.StoredBytes], start + 1000 + i);
        }

        var left = await api.LeasedAsync(queue, claim: "\"leaseMs\":2000");
        api.Advance(1500);
        await api.ReapAsync();

        Assert.Equal([left.Id], (await api.ListAsync(queue, "leased")).Jobs.Select(job => job.Id));
        foreach (var id in ids)
        {
            var job = await api.JobAsync(id);
            var attempt = Assert.Single(job.Attempts!);
            Assert.Equal((job.MaxAttempts == 1 ? JobState.Dead : JobState.Ready, 1, $"w{job.Priority}"), (job.State, job.Failures!.Expired, attempt.Worker));
            Assert.Equal(attempt.StartedAt.AddMilliseconds(1000 + job.Priority), attempt.EndedAt);
            Assert.Equal(job.State == JobState.Dead ? job.EnqueuedAt : attempt.EndedAt, job.RunAt);
        }

        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Reapers_of_several_instances_end_a_lease_once()
    {
        await api.ScheduleAsync(queue);
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => api.ReapAsync()));

        var counts = await api.QueueAsync(queue);
        Assert.Equal((1, 1), (counts.Ready, counts.Totals.LeasesExpired));
        Assert.Equal(1, (await api.JobAsync((await api.ClaimOneAsync(queue)).Id)).Failures!.Expired);
    }

    [Fact]
    public async Task A_lease_that_was_extended_is_left_alone()
    {
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        await api.SettleAsync(job, "extend", "\"leaseMs\":5000");
        api.Advance(4999);

        await api.ReapAsync();

        Assert.Equal(1, (await api.QueueAsync(queue)).Leased);
    }

    public sealed class OnEmbedded(EmbeddedApi api) : ReaperTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ReaperTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : ReaperTests(api), IClassFixture<PartitionedApi>;
}
