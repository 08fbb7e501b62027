using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Store;

/// <summary>Every kind of damage in a store with jobs of every state is found, by its kind, and repaired, so that a second look finds nothing.</summary>
public abstract class FsckDamageTests(Api api) : IAsyncLifetime
{
    private const string Queue = "damaged";
    private const string Stored = "default/damaged";
    private const string Unknown = "0-01M83VNRT5000009VMC8KNA3D9";

    /// <summary>What is done to the store, and the kinds that a look without repair finds.</summary>
    private static readonly Dictionary<string, (string Kinds, Func<Damaged, Task> Do)> Damages = new()
    {
        ["A job in no index"] = ("missing-entry", s => s.Store.SortedSetRemoveAsync(s.Pending, s.Delayed)),
        ["A job in two indexes"] = ("stray-entry", s => s.Store.SortedSetAddAsync(s.Index(9), s.Delayed, 5)),
        ["A job in the wrong index"] = ("missing-entry stray-entry", s => s.MoveToTheWrongIndexAsync()),
        ["A job at the wrong run-at"] = ("wrong-score", s => s.Store.SortedSetAddAsync(s.Pending, s.Delayed, 5)),
        ["A lease at the wrong end"] = ("wrong-score", s => s.Store.SortedSetAddAsync(s.Index(Damaged.Leases), s.Leased, 9_000_000_000_000_000)),
        ["An entry without a record"] = ("stray-entry", s => s.Store.SortedSetAddAsync(s.Pending, Api.StoredId(Unknown), 5)),
        ["An entry that is no id"] = ("stray-entry", s => s.Store.SortedSetAddAsync(s.Pending, "x", 5)),
        ["A record that is gone"] = ("stray-entry stray-lock", s => s.Store.HashDeleteAsync(s.Keys.Jobs, s.Delayed)),
        ["A record that is cut off"] = ("stray-entry stray-lock unreadable-job", s => s.ChangeRecordAsync(s.Delayed, record => record[..12])),
        ["A record that is empty"] = ("stray-entry unreadable-job", s => s.ChangeRecordAsync(s.Leased, _ => [])),
        ["A record of a state that is none"] = ("stray-entry stray-lock unreadable-job", s => s.ChangeRecordAsync(s.Delayed, record => [(byte)'Z', .. record[1..]])),
        ["A record whose payload is not JSON"] = ("unreadable-job wrong-bytes", s => s.ChangeRecordAsync(s.Delayed, record => [.. record, (byte)'{'])),
        ["A record under a name that is no id"] = ("unreadable-job", s => s.Store.HashSetAsync(s.Keys.Jobs, "x", "y")),
        ["A count that is wrong"] = ("wrong-count", s => s.Store.HashIncrementAsync(s.Stats, "created", -3)),
        ["Bytes that are wrong"] = ("wrong-bytes", s => s.Store.HashIncrementAsync(s.Stats, "bytes", 1)),
        ["Counts that are gone"] = ("wrong-bytes wrong-count", s => s.Store.KeyDeleteAsync(s.Stats)),
        ["A queue that is not listed"] = ("unlisted-queue", s => s.Store.SortedSetRemoveAsync(s.Keys.Names, Stored)),
        ["A queue without a next event"] = ("late-event", s => s.Store.SortedSetRemoveAsync(s.Keys.Queues, Stored)),
        ["A queue whose next event is too late"] = ("late-event", s => s.Store.SortedSetAddAsync(s.Keys.Queues, Stored, 9_000_000_000_000_000)),
        ["A queue that nothing tells of but its keys"] = ("stray-entry", s => s.Store.SortedSetAddAsync(s.Keys.Indexes("default/lost").First(), s.Delayed, 5)),
        ["A lock that its job does not hold"] = ("missing-lock", s => s.Store.KeyDeleteAsync(s.Keys.Unique)),
        ["A lock of a job that is gone"] = ("stray-lock", s => s.Store.HashSetAsync(s.Keys.Unique, $"{Stored} other", Api.StoredId(Unknown))),
        ["A lock of a dead job"] = ("stray-lock", s => s.Store.HashSetAsync(s.Keys.Unique, $"{Stored} other", s.Dead)),
        ["A lock of a job that cannot be read"] = ("missing-lock stray-lock unreadable-job", s => s.LockByWhatCannotBeReadAsync()),
        ["An idempotency key whose job was never made"] = ("unmade-job", s => s.ForgetTheJobOfAKeyAsync()),
        ["An idempotency key that cannot be read"] = ("unreadable-key", s => s.Store.HashSetAsync(s.Keys.Idempotency[s.Generation], "torn", "1")),
        ["A schedule in no index"] = ("missing-schedule-entry", s => s.Store.KeyDeleteAsync([s.Keys.Schedules[1], s.Keys.Schedules[2]])),
        ["A schedule at the wrong instant"] = ("missing-schedule-entry", s => s.Store.SortedSetAddAsync(s.Keys.Schedules[2], "default/hourly", 5)),
        ["A schedule that is gone"] = ("stray-schedule-entry", s => s.Store.SortedSetAddAsync(s.Keys.Schedules[2], "default/gone", 5)),
        ["A schedule that cannot be read"] = ("stray-schedule-entry unreadable-schedule", s => s.Store.HashSetAsync(s.Keys.Schedules[0], "default/hourly", "torn")),
        ["A schedule whose body is not JSON"] = ("unreadable-schedule", s => s.CutOffTheScheduleAsync()),
    };

    public static TheoryData<string> All => [.. Damages.Keys];

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Theory]
    [MemberData(nameof(All))]
    public async Task Is_found_and_repaired(string damage)
    {
        var (kinds, doIt) = Damages[damage];
        var store = await MakeAsync();
        await api.AssertSoundAsync();

        await doIt(store);

        Assert.Equal(kinds, Kinds(await api.FsckAsync(repair: false)));
        Assert.Equal(kinds, Kinds(await api.FsckAsync(repair: false)));
        Assert.NotEmpty(await api.FsckAsync(repair: true));
        Assert.Empty(await api.FsckAsync(repair: true));
        await api.AssertSoundAsync();
        Api.AssertAddsUp(await api.QueueAsync(Queue));
    }

    [Fact]
    public async Task What_cannot_be_read_is_kept_in_lost_and_found_and_the_rest_goes_on()
    {
        var store = await MakeAsync();
        byte[]? torn = null;
        await store.ChangeRecordAsync(store.Delayed, record => torn = record[..30]);
        await store.Store.HashSetAsync(store.Keys.Schedules[0], "default/hourly", "torn");

        await api.FsckAsync(repair: false);
        Assert.Equal(0, await store.Store.HashLengthAsync(store.Keys.LostAndFound));
        await api.FsckAsync(repair: true);

        Assert.Equal(torn, (byte[])(await store.Store.HashGetAsync(store.Keys.LostAndFound, store.Delayed))!);
        Assert.Equal("torn", await store.Store.HashGetAsync(store.Keys.LostAndFound, "schedule default/hourly"));
        api.Advance(3_600_000);
        Assert.NotEmpty(await api.ClaimAsync(Queue, "\"limit\":9"));
        Assert.Equal("[]", System.Text.Json.Nodes.JsonNode.Parse(await (await api.GetAsync("/schedules")).Content.ReadAsStringAsync())!["schedules"]!.ToJsonString());
    }

    [Fact]
    public async Task Two_live_jobs_of_one_unique_key_are_told_and_left_to_somebody_who_knows()
    {
        var store = await MakeAsync();
        var copy = (await api.ScheduleAsync(Queue, "\"delayMs\":90000,\"unique\":{\"key\":\"yek\"}")).Id;
        await store.ChangeRecordAsync(Api.StoredId(copy), record => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(record).Replace("ufyek", "ufkey")));
        await store.Store.HashDeleteAsync(store.Keys.Unique, $"{Stored} yek");

        Assert.Equal([$"shared-unique-key {copy}"], await api.FsckAsync(repair: true));
        Assert.Equal(1, (await api.Service<Fsck>().RunAsync(repair: true)).Left);

        await api.CancelAsync(copy);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Of_many_faults_all_are_counted_and_a_few_shown()
    {
        var store = await MakeAsync();
        await store.Store.SortedSetAddAsync(store.Pending, [.. Enumerable.Range(0, 700).Select(number => new SortedSetEntry($"stray {number}", number))]);

        var fault = Assert.Single((await api.Service<Fsck>().RunAsync(repair: true)).Faults, fault => fault.Kind == FaultKind.StrayEntry);

        Assert.Equal((700, FsckReport.MostExamples), (fault.Count, fault.Examples.Count));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Over_HTTP_faults_are_told_and_repaired_on_demand()
    {
        var store = await MakeAsync();
        await store.Store.SortedSetRemoveAsync(store.Pending, store.Delayed);

        var looked = await Api.ReadAsync(await api.PostAsync("/admin/fsck"), WireJson.Default.RunFsckResponse);
        var repaired = await Api.ReadAsync(await api.PostAsync("/admin/fsck", """{"repair":true}"""), WireJson.Default.RunFsckResponse);
        var again = await Api.ReadAsync(await api.PostAsync("/admin/fsck", """{"repair":true}"""), WireJson.Default.RunFsckResponse);

        Assert.Equal((4, 1, 1, 1, 1), (looked.Jobs, looked.Queues, looked.Schedules, looked.Found, looked.Left));
        Assert.Equal((1, 0), (repaired.Found, repaired.Left));
        var fault = Assert.Single(repaired.Faults);
        Assert.Equal((FaultKind.MissingEntry, 1), (fault.Kind, fault.Count));
        Assert.Equal([NameOf(store.Delayed)], fault.Examples);
        Assert.Equal((0, 0), (again.Found, again.Left));
        await Api.AssertInvalidAsync(await api.PostAsync("/admin/fsck", """{"mend":true}"""), "mend");
    }

    /// <summary>A job of each state, a unique key, an idempotency key and a schedule.</summary>
    private async Task<Damaged> MakeAsync()
    {
        await api.PutAsync("/schedules/hourly", """{"intervalMs":3600000,"job":{"payload":1} }""");
        await api.PostWithKeyAsync("known", $$"""{"queue":"{{Queue}}","payload":1,"retentionMs":90000}""");
        await api.SettleAsync(await api.ClaimOneAsync(Queue), "ack");
        var dead = (await api.DeadAsync(Queue))[0];
        var leased = (await api.LeasedAsync(Queue)).Id;
        var delayed = (await api.ScheduleAsync(Queue, "\"delayMs\":60000,\"unique\":{\"key\":\"key\"}", payload: """{"some":"text"}""")).Id;
        var (store, keys) = (await api.Service<StoreConnection>().DatabaseAsync(), api.Service<Partitions>().First);
        var generation = await store.HashExistsAsync(keys.Idempotency[0], "known") ? 0 : 1;
        return new Damaged(store, keys, Api.StoredId(delayed), Api.StoredId(leased), Api.StoredId(dead), generation);
    }

    private static string Kinds(string[] faults) => string.Join(' ', faults.Select(fault => fault.Split(' ')[0]).Distinct());

    private static string NameOf(byte[] id) => JobId.FromStored(0, id).Text;

    private sealed record Damaged(IDatabase Store, PartitionKeys Keys, byte[] Delayed, byte[] Leased, byte[] Dead, int Generation)
    {
        public const int Leases = 10;

        private const int DefaultPriority = 4;

        public RedisKey Pending => Index(DefaultPriority);

        public RedisKey Stats => Keys.For([Stored])[^1];

        public RedisKey Index(int number) => Keys.Indexes(Stored).ElementAt(number);

        public async Task MoveToTheWrongIndexAsync()
        {
            await Store.SortedSetRemoveAsync(Index(Leases), Leased);
            await Store.SortedSetAddAsync(Pending, Leased, 5);
        }

        public async Task LockByWhatCannotBeReadAsync()
        {
            await Store.HashSetAsync(Keys.Jobs, "x", "y");
            await Store.HashSetAsync(Keys.Unique, $"{Stored} key", "x");
        }

        public async Task ForgetTheJobOfAKeyAsync()
        {
            var entry = (byte[])(await Store.HashGetAsync(Keys.Idempotency[Generation], "known"))!;
            Array.Fill(entry, (byte)0xFF, 28, 14);
            await Store.HashSetAsync(Keys.Idempotency[Generation], "unmade", entry);
        }

        public async Task CutOffTheScheduleAsync()
        {
            var record = (byte[])(await Store.HashGetAsync(Keys.Schedules[0], "default/hourly"))!;
            await Store.HashSetAsync(Keys.Schedules[0], "default/hourly", record[..^1]);
        }

        public async Task ChangeRecordAsync(byte[] id, Func<byte[], byte[]> change) =>
            await Store.HashSetAsync(Keys.Jobs, id, change((byte[])(await Store.HashGetAsync(Keys.Jobs, id))!));
    }

    public sealed class OnEmbedded(EmbeddedEngine engine) : FsckDamageTests(new EmbeddedApi(engine));

    public sealed class OnRedis(RedisEngine engine) : FsckDamageTests(new RedisApi(engine));
}
