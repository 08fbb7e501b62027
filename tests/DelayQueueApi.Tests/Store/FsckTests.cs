using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Store;

/// <summary>A host of its own for each test: fsck looks at the whole store.</summary>
public abstract class FsckTests(Api api) : IAsyncLifetime
{
    private readonly string queue = Api.NewQueue();

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task Every_index_that_a_kill_may_have_left_wrong_is_found_and_mended_from_the_records()
    {
        var pending = await api.ScheduleAsync(queue, "\"delayMs\":1000");
        await api.ScheduleAsync(queue, "\"priority\":9");
        var leased = await api.ClaimOneAsync(queue);
        await api.ScheduleAsync(queue, "\"priority\":9,\"maxAttempts\":1");
        var dead = await api.ClaimOneAsync(queue);
        await api.SettleAsync(dead, "nack");
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        var indexes = api.Service<Partitions>().First.Indexes($"default/{queue}").ToArray();
        await api.AssertSoundAsync();

        await database.SortedSetRemoveAsync(indexes[4], Api.StoredId(pending.Id));
        await database.SortedSetAddAsync(indexes[9], Api.StoredId(leased.Id), 5);
        await database.SortedSetAddAsync(indexes[10], Api.StoredId(leased.Id), 6);
        await database.SortedSetAddAsync(indexes[11], Api.StoredId("0-01M83VNRT5000009VMC8KNA3D9"), 7);
        await database.KeyDeleteAsync(api.Service<Partitions>().First.Queues);

        var found = await api.FsckAsync(repair: false);
        Assert.Equal(
            [$"missing-entry {pending.Id}", "stray-entry 0-01M83VNRT5000009VMC8KNA3D9", $"stray-entry {leased.Id}", $"wrong-score {leased.Id}"],
            found);

        var repaired = await api.FsckAsync(repair: true);
        Assert.Equal([$"late-event default/{queue}", .. found], repaired);
        await api.AssertSoundAsync();
        api.Advance(30_000);
        Assert.Equal([leased.Id, pending.Id], (await api.ClaimAsync(queue, "\"limit\":9")).Select(job => job.Id));
    }

    [Fact]
    public async Task Counts_that_a_kill_has_left_behind_are_made_to_add_up()
    {
        var job = await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue);
        await api.CancelAsync(job.Id);
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        await database.HashIncrementAsync(api.Service<Partitions>().First.For([$"default/{queue}"])[^1], "created", 5);

        Assert.Equal([$"wrong-count default/{queue}"], await api.FsckAsync(repair: true));

        await api.AssertSoundAsync();
        Assert.Equal(2, (await api.QueueAsync(queue)).Totals.Created);
    }

    [Fact]
    public async Task A_queue_that_the_list_lacks_is_found_and_listed_again()
    {
        await api.ScheduleAsync(queue);
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        await database.KeyDeleteAsync(api.Service<Partitions>().First.Names);

        Assert.Equal([$"unlisted-queue default/{queue}"], await api.FsckAsync(repair: true));

        await api.AssertSoundAsync();
        Assert.Equal(queue, (await api.QueueAsync(queue)).Queue);
    }

    [Fact]
    public async Task A_stray_id_is_never_claimed()
    {
        await api.ScheduleAsync(queue);
        var leased = await api.ClaimOneAsync(queue);
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        var indexes = api.Service<Partitions>().First.Indexes($"default/{queue}").ToArray();
        await database.SortedSetAddAsync(indexes[4], [new SortedSetEntry(Api.StoredId(leased.Id), 1), new SortedSetEntry("gone", 2)]);
        var job = await api.ScheduleAsync(queue);

        var claimed = await api.ClaimAsync(queue, "\"limit\":9");

        Assert.Equal([job.Id], claimed.Select(c => c.Id));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_key_that_was_cut_off_from_its_job_may_be_used_again_and_no_other()
    {
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        var keys = api.Service<Partitions>().First;
        var finished = await ScheduleUnderAsync("finished");
        await api.CancelAsync(finished);
        var newest = await database.StringGetAsync(keys.LastId);
        var pending = await ScheduleUnderAsync("pending");
        var unmade = await ScheduleUnderAsync("unmade");
        // As where the write stopped between the key and the record.
        await api.CancelAsync(unmade);
        await database.StringSetAsync(keys.LastId, newest);

        Assert.Equal(["unmade-job unmade"], await api.FsckAsync(repair: true));
        await api.AssertSoundAsync();
        Assert.Equal(finished, await ScheduleUnderAsync("finished"));
        Assert.Equal(pending, await ScheduleUnderAsync("pending"));
        await api.CancelAsync(pending);
        await api.AssertSoundAsync();
        Assert.Equal(pending, await ScheduleUnderAsync("pending"));
        Assert.NotEqual(unmade, await ScheduleUnderAsync("unmade"));
    }

    [Fact]
    public async Task Indexes_of_schedules_are_mended_from_their_records()
    {
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        var keys = api.Service<Partitions>().First.Schedules;
        foreach (var name in (string[])["hidden", "late", "paused"])
        {
            await api.PutAsync($"/schedules/{name}", """{"intervalMs":1000,"job":{"payload":1} }""");
        }

        await api.PostAsync("/schedules/paused/pause", "");
        await api.AssertSoundAsync();

        await database.SortedSetRemoveAsync(keys[1], "default/hidden");
        await database.SortedSetAddAsync(keys[2], [new("default/late", 5), new("default/paused", 6), new("default/gone", 7)]);

        Assert.Equal(
            ["missing-schedule-entry default/hidden", "missing-schedule-entry default/late", "stray-schedule-entry default/gone", "stray-schedule-entry default/paused"],
            await api.FsckAsync(repair: true));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task An_instant_that_was_cut_off_from_its_job_fires_again_and_no_other()
    {
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        var keys = api.Service<Partitions>().First;
        await api.PutAsync("/schedules/cut", $$"""{"intervalMs":1000,"job":{"payload":1,"queue":"{{queue}}"} }""");
        await api.ScheduleAsync(queue);
        var newest = await database.StringGetAsync(keys.LastId);
        api.Advance(1000);
        await api.FireAsync();
        await database.StringSetAsync(keys.LastId, newest);
        await api.AssertSoundAsync();
        // As where the write stopped between the schedule and the record.
        var cut = (await api.ClaimAsync(queue, "\"limit\":9"))[^1];
        await api.SettleAsync(cut, "ack");

        Assert.Equal(["missing-schedule-entry default/cut", "unfired-schedule default/cut"], await api.FsckAsync(repair: true));
        await api.AssertSoundAsync();
        await api.FireAsync();
        await api.FireAsync();

        var again = await api.ClaimOneAsync(queue);
        Assert.Equal((cut.RunAt, cut.Metadata!["scheduledFor"]), (again.RunAt, again.Metadata!["scheduledFor"]));
        await api.SettleAsync(again, "ack");
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Places_of_jobs_that_expire_or_are_kept_are_mended_too()
    {
        var starts = await api.ScheduleAsync(queue, "\"ttlMs\":9000,\"priority\":1");
        await api.ScheduleAsync(queue, "\"ttlMs\":9000,\"retentionMs\":60000");
        var completed = await api.ClaimOneAsync(queue);
        await api.SettleAsync(completed, "ack", "\"result\":1");
        var expired = await api.ScheduleAsync(queue, "\"ttlMs\":1,\"retentionMs\":60000");
        api.Advance(1);
        await api.ReapAsync();
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        var indexes = api.Service<Partitions>().First.Indexes($"default/{queue}").ToArray();
        await api.AssertSoundAsync();

        await database.SortedSetAddAsync(indexes[12], [new(Api.StoredId(starts.Id), 5), new(Api.StoredId(completed.Id), 6)]);
        await database.SortedSetRemoveAsync(indexes[13], Api.StoredId(completed.Id));
        await database.SortedSetAddAsync(indexes[13], Api.StoredId(expired.Id), 7);
        await database.SortedSetAddAsync(indexes[14], Api.StoredId(expired.Id), 8);
        await database.KeyDeleteAsync(api.Service<Partitions>().First.Queues);

        Assert.Equal(
            new[]
            {
                $"late-event default/{queue}", $"missing-entry {completed.Id}", $"stray-entry {completed.Id}", $"stray-entry {expired.Id}", $"wrong-score {starts.Id}", $"wrong-score {expired.Id}",
            }.Order(StringComparer.Ordinal),
            await api.FsckAsync(repair: true));
        await api.AssertSoundAsync();
        api.Advance(60_000);
        await api.ReapAsync();
        Assert.Equal((2, 0, 0, 0), await api.QueueAsync(queue) is var counts ? (counts.Totals.Expired, counts.Ready, counts.Completed, counts.Expired) : default);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Locks_that_no_live_job_holds_are_freed_and_no_others()
    {
        const string Unique = "\"unique\":{\"key\":\"a b\"}";
        var holder = await api.ScheduleAsync(queue, Unique);
        var dead = (await api.DeadAsync(queue))[0];
        await api.ScheduleAsync(queue, "\"priority\":9,\"retentionMs\":60000,\"unique\":{\"key\":\"kept\"}");
        var kept = await api.ClaimOneAsync(queue);
        await api.SettleAsync(kept, "ack");
        await api.ScheduleAsync(queue, "\"priority\":9,\"unique\":{\"key\":\"started\",\"until\":\"started\"}");
        var started = await api.ClaimOneAsync(queue);
        await api.AssertSoundAsync();

        await SetLockAsync("gone", "0-01M83VNRT5000009VMC8KNA3D9");
        await SetLockAsync("dead", dead);
        await SetLockAsync("kept", kept.Id);
        await SetLockAsync("started", started.Id);
        await SetLockAsync("another", holder.Id);

        string[] expected = [.. ((string[])["another", "dead", "gone", "kept", "started"]).Select(key => $"stray-lock default/{queue} {key}")];
        Assert.Equal(expected, await api.FsckAsync(repair: false));
        Assert.Equal(expected, await api.FsckAsync(repair: true));
        await api.AssertSoundAsync();
        Assert.Equal(HttpStatusCode.OK, (await api.PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1,{{Unique}}}""")).StatusCode);
    }

    [Fact]
    public async Task A_lock_that_is_missing_or_another_ones_is_given_back_to_the_job_that_holds_it()
    {
        const string Unique = "\"unique\":{\"key\":\"k\"}";
        var holder = await api.ScheduleAsync(queue, Unique);
        var other = await api.ScheduleAsync(queue);
        var database = await api.Service<StoreConnection>().DatabaseAsync();

        await database.KeyDeleteAsync(api.Service<Partitions>().First.Unique);
        Assert.Equal([$"missing-lock {holder.Id}"], await api.FsckAsync(repair: true));
        await api.AssertSoundAsync();
        await SetLockAsync("k", other.Id);
        Assert.Equal([$"missing-lock {holder.Id}"], await api.FsckAsync(repair: true));
        await api.AssertSoundAsync();

        var again = await api.PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1,{{Unique}}}""");
        Assert.Equal(holder.Id, (await Api.ReadAsync(again, WireJson.Default.Job)).Id);
    }

    /// <summary>What cannot be read would never be given out, and nobody would be told.</summary>
    [Fact]
    public async Task Jobs_of_another_version_keep_an_instance_from_starting_until_they_are_moved_aside()
    {
        await api.ScheduleAsync(queue);
        var (database, jobs) = (await api.Service<StoreConnection>().DatabaseAsync(), api.Service<Partitions>().First.Jobs);
        var ids = await database.HashKeysAsync(jobs);
        await database.HashSetAsync(jobs, [.. ids.Select(id => new HashEntry(id, "a record of another form"))]);

        var refusal = Assert.ThrowsAny<InvalidOperationException>(() => api.AnotherInstance());
        Assert.Contains("another version", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("a record of another form", await database.HashGetAsync(jobs, ids.Single()));

        await api.FsckAsync(repair: true);
        using var another = api.AnotherInstance();
        Assert.Equal(HttpStatusCode.OK, (await another.GetAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }

    private async Task SetLockAsync(string key, string id)
    {
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        await database.HashSetAsync(api.Service<Partitions>().First.Unique, $"default/{queue} {key}", Api.StoredId(id));
    }

    private async Task<string> ScheduleUnderAsync(string key) => (await Api.ReadAsync(
        await api.PostWithKeyAsync(key, $$"""{"queue":"{{queue}}","payload":1}"""), WireJson.Default.Job, HttpStatusCode.Created)).Id;

    public sealed class OnEmbedded(EmbeddedEngine engine) : FsckTests(new EmbeddedApi(engine));

    public sealed class OnRedis(RedisEngine engine) : FsckTests(new RedisApi(engine));
}
