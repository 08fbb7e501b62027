using System.Buffers.Binary;
using DelayQueueApi.Http;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>Ids rise, whatever the clock does.</summary>
public abstract class NewIdsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task The_first_id_of_an_instant_tells_it()
    {
        api.Advance(1);

        Assert.Equal((Now, 0), (await ScheduleAsync(1))[0]);
    }

    [Fact]
    public async Task Ids_go_on_in_the_newest_instant_while_the_clock_is_behind_it()
    {
        await SetNewestAsync(Now + 5_000, 255);

        Assert.Equal([(Now + 5_000, 256), (Now + 5_000, 257)], await ScheduleAsync(2));
        Assert.Equal([(Now + 5_000, 512)], await ScheduleAsync(1));
        api.Advance(5_001);
        Assert.Equal([(Now, 0), (Now, 1)], await ScheduleAsync(2));
    }

    [Fact]
    public async Task Ids_go_on_in_the_next_instant_where_one_has_no_more_numbers()
    {
        api.Advance(1);
        await SetNewestAsync(Now, 0xFFFE03);

        Assert.Equal([(Now, 0xFFFF00), (Now, 0xFFFF01)], await ScheduleAsync(2));
        Assert.Equal([(Now + 1, 0), (Now + 1, 1)], await ScheduleAsync(2));
        api.Advance(2);
    }

    [Fact]
    public async Task Ids_rise_in_a_call_that_makes_jobs_of_all_kinds_and_does_not_make_some()
    {
        api.Advance(1);
        const string Plain = "\"payload\":1", Unique = "\"payload\":2,\"unique\":{\"key\":\"k\",\"onConflict\":\"reject\"}", Expiring = "\"payload\":3,\"ttlMs\":1000";

        var made = await ScheduleAsync([Plain, Unique, Plain, Unique, Expiring, Unique, Plain, Expiring]);

        Assert.Equal([(Now, 0), (Now, 1), (Now, 2), (Now, 3), (Now, 6), (Now, 7)], made);
    }

    private long Now => api.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task SetNewestAsync(long instant, int sequence)
    {
        var newest = new byte[9];
        BinaryPrimitives.WriteInt64BigEndian(newest, instant << 16);
        newest[6] = (byte)(sequence >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(newest.AsSpan(7), (ushort)sequence);
        await (await api.Service<StoreConnection>().DatabaseAsync()).StringSetAsync(api.Service<Partitions>().First.LastId, newest);
    }

    /// <summary>Instants and numbers of new ids, which also stand in the order of their texts.</summary>
    private Task<(long, int)[]> ScheduleAsync(int jobs) => ScheduleAsync(Enumerable.Repeat("\"payload\":1", jobs));

    private async Task<(long, int)[]> ScheduleAsync(IEnumerable<string> jobs)
    {
        var answer = await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{string.Join(',', jobs.Select(job => $$"""{"queue":"{{queue}}",{{job}}}"""))}}]}""");
        var ids = (await Api.ReadAsync(answer, WireJson.Default.ScheduleJobsResponse)).Results.Where(result => result.Job is not null).Select(result => result.Job!.Id).ToArray();
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        return Array.ConvertAll(ids, id => Api.StoredId(id) is var stored
            ? (Stored.U48(stored), (stored[6] << 16) | BinaryPrimitives.ReadUInt16BigEndian(stored.AsSpan(7))) : default);
    }

    public sealed class OnEmbedded(EmbeddedApi api) : NewIdsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : NewIdsTests(api), IClassFixture<RedisApi>;
}
