using DelayQueueApi.Http;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Store;

/// <summary>What a kill leaves of a script that makes one job and removes another.</summary>
public abstract class FsckOfCutAcksTests(Api api) : IAsyncLifetime
{
    private readonly string queue = Api.NewQueue();

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task An_ack_that_was_cut_off_behind_its_follow_ups_is_finished_so_that_they_are_not_made_twice()
    {
        var (database, keys) = (await api.Service<StoreConnection>().DatabaseAsync(), api.Service<PartitionKeys>());
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);
        var (record, newest) = (await database.HashGetAsync(keys.Jobs, job.Id[2..]), await database.StringGetAsync(keys.LastId));
        var acked = await Api.ReadAsync(await api.SettleAsync(job, "ack", "\"then\":[{\"queue\":\"next\",\"payload\":1}]"), WireJson.Default.AckJobResponse);
        await database.HashSetAsync(keys.Jobs, job.Id[2..], record);
        await database.StringSetAsync(keys.LastId, newest);

        Assert.Contains($"unfinished {job.Id[2..]}", await api.Service<Fsck>().RunAsync(repair: true));

        await api.AssertSoundAsync();
        api.Advance(30_000);
        Assert.Empty(await api.ClaimAsync(queue));
        Assert.Equal(acked.Then, (await api.ClaimAsync("next", "\"limit\":9")).Select(next => next.Id));
        Assert.Equal(acked.Then, (await Api.ReadAsync(
            await api.SettleAsync(job, "ack", "\"then\":[{\"queue\":\"next\",\"payload\":1}]"), WireJson.Default.AckJobResponse)).Then);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"idempotencyKey\":\"there\",")]
    public async Task An_ack_that_was_cut_off_before_its_follow_ups_is_done_when_it_is_sent_again(string fields)
    {
        var (database, keys) = (await api.Service<StoreConnection>().DatabaseAsync(), api.Service<PartitionKeys>());
        var then = $$"""{"queue":"next",{{fields}}"payload":1}""";
        await (fields.Length > 0 ? api.PostAsync("/jobs", then) : Task.CompletedTask);
        await api.ScheduleAsync(queue);
        var job = await api.ClaimOneAsync(queue);
        var (record, newest) = (await database.HashGetAsync(keys.Jobs, job.Id[2..]), await database.StringGetAsync(keys.LastId));
        var cut = await AckAsync();
        await database.HashSetAsync(keys.Jobs, job.Id[2..], record);
        await database.HashDeleteAsync(keys.Jobs, [.. cut.Where(_ => fields.Length == 0).Select(id => (RedisValue)id[2..])]);
        await database.StringSetAsync(keys.LastId, newest);
        await api.Service<Fsck>().RunAsync(repair: true);

        var acked = await AckAsync();

        await api.AssertSoundAsync();
        Assert.Equal(acked, (await api.ClaimAsync("next", "\"limit\":9")).Select(next => next.Id));

        async Task<IReadOnlyList<string>> AckAsync() =>
            (await Api.ReadAsync(await api.SettleAsync(job, "ack", $"\"then\":[{then}]"), WireJson.Default.AckJobResponse)).Then;
    }

    [Fact]
    public async Task A_job_that_was_cut_off_while_another_took_its_place_and_key_goes()
    {
        var (database, keys) = (await api.Service<StoreConnection>().DatabaseAsync(), api.Service<PartitionKeys>());
        var old = await api.ScheduleAsync(queue, "\"unique\":{\"key\":\"k\"}");
        var record = await database.HashGetAsync(keys.Jobs, old.Id[2..]);
        var replacing = await api.ScheduleAsync(queue, "\"unique\":{\"key\":\"k\",\"onConflict\":\"replace\"}");
        await database.HashSetAsync(keys.Jobs, old.Id[2..], record);

        Assert.Contains($"unlocked {old.Id[2..]}", await api.Service<Fsck>().RunAsync(repair: true));

        await api.AssertSoundAsync();
        Assert.Equal(replacing.Id, Assert.Single(await api.ClaimAsync(queue, "\"limit\":9")).Id);
    }

    public sealed class OnEmbedded(EmbeddedEngine engine) : FsckOfCutAcksTests(new EmbeddedApi(engine));

    public sealed class OnRedis(RedisEngine engine) : FsckOfCutAcksTests(new RedisApi(engine));
}
