using System.Net;
using DelayQueueApi.Leases;
using DelayQueueApi.Reaping;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Reaping;

/// <summary>Leases after a failover. A host of its own for each test: the grace is for all queues.</summary>
public abstract class LeaseGraceTests(Api api) : IAsyncLifetime
{
    private const int GraceMs = 5_000;

    private readonly string queue = Api.NewQueue();

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task A_lease_that_ended_during_the_failover_holds_until_the_end_of_the_grace()
    {
        var job = await api.LeasedAsync(queue, claim: "\"leaseMs\":1000");
        api.Advance(3_000);

        await FailOverAsync();

        api.Advance(GraceMs - 1);
        Assert.Empty(await api.ClaimAsync(queue));
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(job, "ack")).StatusCode);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_lease_that_nobody_asks_for_ends_with_the_grace()
    {
        var job = await api.LeasedAsync(queue, claim: "\"leaseMs\":1000");
        await FailOverAsync();

        api.Advance(GraceMs);
        await api.ReapAsync();

        Assert.Equal(job.Id, (await api.ClaimOneAsync(queue)).Id);
    }

    [Fact]
    public async Task A_lease_that_ends_later_stays_as_it_is()
    {
        var job = await api.LeasedAsync(queue, claim: "\"leaseMs\":5001");

        await FailOverAsync();

        Assert.Equal(job.Lease.ExpiresAt, (await api.JobAsync(job.Id)).Lease!.ExpiresAt);
    }

    [Fact]
    public async Task More_leases_than_one_script_takes_all_have_the_grace()
    {
        await api.BatchAsync(queue, 120);
        await api.ClaimAsync(queue, "\"limit\":100,\"leaseMs\":1000");
        await api.ClaimAsync(queue, "\"limit\":20,\"leaseMs\":2000");

        await FailOverAsync();

        api.Advance(GraceMs - 1);
        await api.ReapAsync();
        Assert.Equal(120, (await api.QueueAsync(queue)).Leased);
    }

    [Fact]
    public async Task A_lease_that_the_new_primary_never_had_is_taken_up_again_by_its_extend()
    {
        var job = await LostLeaseAsync();
        await FailOverAsync();

        var extended = await api.SettleAsync(job, "extend", "\"leaseMs\":60000");

        Assert.Equal(HttpStatusCode.OK, extended.StatusCode);
        Assert.Empty(await api.ClaimAsync(queue));
        Assert.Equal((1, job.Lease.Fence), await api.JobAsync(job.Id) is var shown ? (shown.Attempt, shown.Lease!.Fence) : default);
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(job, "ack")).StatusCode);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_lease_that_was_given_out_anew_is_not_taken_up_again()
    {
        var job = await LostLeaseAsync();
        await FailOverAsync();
        api.Advance(1);
        var newer = await api.ClaimOneAsync(queue);
        await api.SettleAsync(newer, "release");

        var extended = await api.SettleAsync(job, "extend", "\"leaseMs\":60000");

        await Api.AssertProblemAsync(extended, HttpStatusCode.Conflict, "lease-lost");
    }

    [Fact]
    public async Task After_the_grace_no_lease_is_taken_up_again()
    {
        var job = await LostLeaseAsync();
        await FailOverAsync();
        api.Advance(GraceMs);

        var extended = await api.SettleAsync(job, "extend", "\"leaseMs\":60000");

        await Api.AssertProblemAsync(extended, HttpStatusCode.Conflict, "lease-lost");
    }

    private Task FailOverAsync() => api.Service<LeaseGrace>().GiveAsync(api.Service<ScriptRunner>());

    /// <summary>A job that a worker has, and of which the store has forgotten that it gave it.</summary>
    private async Task<ClaimJobs.ClaimedJob> LostLeaseAsync()
    {
        var made = await api.ScheduleAsync(queue);
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        var (jobs, id) = (api.Service<Partitions>().First.Jobs, (RedisValue)Api.StoredId(made.Id));
        var record = await database.HashGetAsync(jobs, id);
        var job = await api.ClaimOneAsync(queue);
        await database.HashSetAsync(jobs, id, record);
        await api.Service<Fsck>().RunAsync(repair: true);
        return job;
    }

    public sealed class OnEmbedded(EmbeddedEngine engine) : LeaseGraceTests(new EmbeddedApi(engine));

    public sealed class OnRedis(RedisEngine engine) : LeaseGraceTests(new RedisApi(engine));
}
