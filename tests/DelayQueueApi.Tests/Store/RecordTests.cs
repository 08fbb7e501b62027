using System.Buffers.Binary;
using System.Net;
using System.Text;
using CsCheck;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Store;

/// <summary>Records as docs/keyspace.md lays them out: Lua writes what it has read byte for byte, and C# reads the same from it.</summary>
public abstract class RecordTests(Api api)
{
    /// <summary>Reads records and writes them anew.</summary>
    private static readonly string ReadAndWrite = Script.Load("Store/Prelude.lua").Text + Script.Load("Store/Records.lua").Text + """
        local answer = {}
        for i = arg, #ARGV, 2 do answer[#answer + 1] = writeJob(readJob(ARGV[i], ARGV[i + 1])) end
        return answer
        """;

    /// <summary>Ends leases, by their records and as of a job of any kind.</summary>
    private static readonly string EndLeases = string.Concat(
        from part in (string[])["Store/Prelude.lua", "Jobs/Body.lua", "Store/Work.lua", "Reaping/Reap.lua"] select Script.Load(part).Text) + """
        local answer = {}
        for i = arg, #ARGV, 2 do
          local job = readJob(ARGV[i], ARGV[i + 1])
          answer[#answer + 1] = withoutLease(queues[1], ARGV[i + 1]) or ''
          endLease(job, queues[1])
          answer[#answer + 1] = job.gone and '' or writeJob(job)
        end
        return answer
        """;

    private static readonly Body[] Bodies =
    [
        new("default/records", JobOptions.None, null, [7, .. "records[1]"u8]),
        new("team/records", JobOptions.None, null, [12, .. "team/records[1]"u8]),
        new("default/records", JobOptions.None, new() { ["a"] = "b" }, [128 + 7, .. "records"u8, 0, 0, 0, 9, .. "{\"a\":\"b\"}"u8, 0, .. "[1]"u8]),
        new("team/records", new JobOptions(TtlMs: 5, RetentionMs: 6), null, [128 + 12, .. "team/records"u8, 4, .. "t5r6"u8, 0, 0, 0, 0, .. "[1]"u8]),
    ];

    private const long Now = Limits.LastInstantMs / 2;

    private static readonly Gen<long> Instant = Gen.Long[0, Limits.LastInstantMs];

    private static readonly Gen<Fields> AnyFields = Gen.Select(
        Gen.Select(Gen.Char["PLDCE"], Gen.Bool, Gen.Int[0, 9], Gen.Bool, Gen.Bool),
        Gen.Select(Instant, Instant, Gen.Bool, Gen.OneOf(Gen.Const((ushort)20), Gen.UShort), Gen.OneOf(Gen.Const(0u), Gen.UInt)),
        Gen.Select(Gen.Long[1, Limits.LastInstantMs], Instant, Gen.Byte.Array[8], Gen.UShort.Array[4]),
        Gen.Select(Gen.Char['a', 'z'].Array[0, 255], Gen.Byte.Array[0, 300], Instant, Gen.Char['0', '9'].Array[0, 300], Gen.Select(Gen.Int[0, Bodies.Length - 1], Gen.Bool)),
        (head, times, lease, rest) => new Fields(
            head.Item1, head.Item1 != 'P' || head.Item2, head.Item3, head.Item4, head.Item5,
            times.Item1, times.Item2, times.Item2 + (times.Item3 ? 0 : 1), times.Item4, times.Item5,
            lease.Item1, lease.Item2, lease.Item3, lease.Item4, new string(rest.Item1), rest.Item2, rest.Item3, new string(rest.Item4), Bodies[rest.Item5.Item1], rest.Item5.Item2));

    private static readonly Gen<Fields> Leased = Gen.Select(
        AnyFields, Gen.Select(Gen.Bool, Gen.Bool), Gen.Int[0, 9], Instant,
        (job, chances, strange, end) => (chances.Item1 ? AsUsual(job) : job) with
        {
            State = 'L',
            Claimed = true,
            Cancelled = job.Cancelled && strange == 0,
            Watched = job.Watched && strange == 1,
            Counters = chances.Item2 ? [1, 0, 0, 0] : job.Counters,
            Past = strange == 2 ? [.. "Boom\0why"u8] : [],
            MaxAttempts = strange == 3 ? (ushort)1 : chances.Item1 ? (ushort)Limits.DefaultMaxAttempts : job.MaxAttempts,
            At = strange == 4 ? end : job.At % Now,
        });

    [Fact]
    public async Task A_record_is_read_and_written_alike() => await AnyFields.Array[1, 50].SampleAsync(
        async all =>
        {
            var records = Array.ConvertAll(all, Write);
            var database = await api.Service<StoreConnection>().DatabaseAsync();
            var call = new ScriptCall(api.Service<Partitions>().First);
            for (var i = 0; i < all.Length; i++)
            {
                call.Add(IdOf(all[i]), records[i]);
            }

            var written = (byte[][])(await database.ScriptEvaluateAsync(ReadAndWrite, api.Service<Partitions>().First.For([]), call.Arguments(1, eventsKept: 0)))!;

            Assert.Equal(records, written);
            for (var i = 0; i < all.Length; i++)
            {
                AssertReadAs(all[i], records[i]);
            }
        },
        iter: 20, threads: 1);

    [Fact]
    public async Task A_lease_that_ends_leaves_the_same_record_by_whichever_way_it_ends()
    {
        var (plain, delayed) = (0, 0);
        await Leased.Array[1, 50].SampleAsync(
            async all =>
            {
                var database = await api.Service<StoreConnection>().DatabaseAsync();
                var call = new ScriptCall(api.Service<Partitions>().First);
                call.Queue("default/records");
                for (var i = 0; i < all.Length; i++)
                {
                    call.Add(IdOf(all[i]), Write(all[i]));
                }

                var ended = (byte[][])(await database.ScriptEvaluateAsync(EndLeases, call.Keys, call.Arguments(Now, eventsKept: 0)))!;

                for (var i = 0; i < all.Length; i++)
                {
                    Assert.Equal(IsPlain(all[i]) ? ended[(2 * i) + 1] : [], ended[2 * i]);
                    plain += IsPlain(all[i]) ? 1 : 0;
                    delayed += IsPlain(all[i]) && TellsDelay(all[i]) ? 1 : 0;
                }
            },
            iter: 20, threads: 1);
        Assert.True(plain > 20 && delayed > 5, $"Only {plain} were plain, of them {delayed} with a delay.");
    }

    [Fact]
    public void A_body_is_written_as_it_is_laid_out() => Assert.All(
        Bodies,
        body => Assert.Equal(body.Bytes, JobRecord.EncodeBody(QueueName.FromStored(body.Queue), body.Options, null, body.Metadata, null, new RawJson("[1]"u8.ToArray()))));

    [Fact]
    public async Task New_jobs_lie_as_they_came_but_where_they_must_tell_more()
    {
        var queue = Api.NewQueue();
        var now = api.Clock.GetUtcNow();
        (string Fields, char Mark, DateTimeOffset RunAt)[] asked =
        [
            ("", '@', now), ("\"delayMs\":5000", '@', now.AddSeconds(5)), ("\"delayMs\":5000,\"maxAttempts\":20", '@', now.AddSeconds(5)),
            ($"\"runAt\":\"{now.AddSeconds(7):O}\"", '0', now.AddSeconds(7)), ("\"runAt\":\"1969-12-31T23:59:59Z\"", '0', now),
            ("\"delayMs\":5000,\"maxAttempts\":3", '8', now.AddSeconds(5)), ("\"delayMs\":5000,\"leaseMs\":2000", '8', now.AddSeconds(5)),
            ("\"delayMs\":5000,\"ttlMs\":9000", '0', now.AddSeconds(5)),
        ];

        foreach (var (fields, mark, runAt) in asked)
        {
            var made = await api.ScheduleAsync(queue, fields);
            var (job, _) = (await api.Service<JobStore>().GetAsync(new JobId(made.Id)))!.Value;

            Assert.Equal((mark, runAt, runAt, now), ((char)job.Stored.Span[2], job.RunAt, made.RunAt, job.EnqueuedAt));
        }
    }

    [Fact]
    public async Task A_job_of_the_usual_kind_takes_ten_bytes_and_its_name_and_payload()
    {
        var job = await api.ScheduleAsync(Api.NewQueue(), payload: "[1]");

        var stored = (await api.Service<JobStore>().GetAsync(new JobId(job.Id)))!.Value.Job.Stored;

        Assert.Equal(10 + job.Queue.Length + "[1]".Length, stored.Length);
    }

    [Fact]
    public async Task A_job_tells_when_it_was_made_also_where_ids_are_ahead_of_the_clock()
    {
        var queue = Api.NewQueue();
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        var key = api.Service<Partitions>().First.LastId;
        var newest = await database.StringGetAsync(key);
        var now = api.Clock.GetUtcNow();
        await database.StringSetAsync(key, (byte[])[.. U48(now.AddHours(1).ToUnixTimeMilliseconds()), 0, 0, 1]);

        var made = await api.ScheduleAsync(queue);
        var claimed = await api.ClaimOneAsync(queue);
        var job = await api.JobAsync(made.Id);
        await database.StringSetAsync(key, newest);

        Assert.Equal(now.AddHours(1), Stored.Instant(Api.StoredId(made.Id)));
        Assert.Equal((now, now, now), (made.EnqueuedAt, claimed.EnqueuedAt, job.EnqueuedAt));
        Assert.Equal(HttpStatusCode.NoContent, (await api.SettleAsync(claimed, "ack")).StatusCode);
    }

    private static bool IsPlain(Fields job) =>
        !job.Cancelled && !job.Watched && job.Counters is [1, 0, 0, 0] && job.Past.Length == 0 && job.MaxAttempts > 1 && job.At <= Now
        && job.Body is { Queue: "default/records" } body && body.Options == JobOptions.None;

    private static Fields AsUsual(Fields job) => job with { IdInstant = job.EnqueuedAt, LeaseMs = 0, RunAt = Math.Max(job.RunAt, job.EnqueuedAt) };

    private static bool IsUsual(Fields job) => job.EnqueuedAt == job.IdInstant && job.MaxAttempts == Limits.DefaultMaxAttempts && job.LeaseMs == 0;

    /// <summary>Whether its run-at stands in its record as a delay.</summary>
    private static bool TellsDelay(Fields job) => IsUsual(job) && job.IsDelayed && job.RunAt >= job.IdInstant;

    private static byte[] IdOf(Fields job) => [.. U48(job.IdInstant), .. new byte[JobId.StoredBytes - 6]];

    private static byte[] Write(Fields job)
    {
        var (isUsual, tellsDelay) = (IsUsual(job), TellsDelay(job));
        var mark = (job.Cancelled ? 1 : 0) + (job.Watched ? 2 : 0) + (job.Claimed ? 4 : 0) + (isUsual ? 0 : 8) + (tellsDelay ? 16 : 0);
        byte[] head = [(byte)job.State, (byte)('0' + job.Priority), (byte)('0' + mark), .. U48(job.RunAt - (tellsDelay ? job.IdInstant : 0))];
        byte[] lease = !job.Claimed ? [] :
        [
            .. U48(job.Fence), .. job.Nonce, .. U48(job.At), .. job.Counters.SelectMany(count => U16(count)), (byte)job.Worker.Length, .. U16(job.Past.Length),
            .. Encoding.ASCII.GetBytes(job.Worker), .. job.Past,
        ];
        byte[] end = job.State is not ('C' or 'E') ? [] : [.. U48(job.KeptUntil), .. U32((uint)job.Result.Length), .. Encoding.ASCII.GetBytes(job.Result)];
        byte[] terms = isUsual ? [] : [.. U48(job.EnqueuedAt), .. U16(job.MaxAttempts), .. U32(job.LeaseMs)];
        return [.. head, .. lease, .. end, .. terms, .. job.Body.Bytes];
    }

    private static void AssertReadAs(Fields job, byte[] record)
    {
        var read = JobRecord.Decode(0, IdOf(job), record);
        Assert.Equal(
            (job.State, job.Priority, job.Cancelled, job.RunAt, job.EnqueuedAt, job.MaxAttempts, (long)job.LeaseMs),
            ((char)read.State, read.Priority, read.CancelRequested, read.RunAt.ToUnixTimeMilliseconds(), read.EnqueuedAt.ToUnixTimeMilliseconds(), read.MaxAttempts, read.LeaseMs));
        Assert.Equal(
            job.Claimed ? (job.Fence, job.At, job.Worker) : (0, 0, ""), (read.Fence, read.At.ToUnixTimeMilliseconds(), read.Worker));
        Assert.Equal(job.Claimed ? job.Nonce : new byte[8], read.Lease[6..].ToArray());
        Assert.Equal(job.Claimed ? job.Past : (byte[])[], read.Past.ToArray());
        Assert.Equal(
            job.Claimed ? Array.ConvertAll(job.Counters, count => (int)count) : new int[4], (int[])[read.Attempt, read.Nacks, read.Expiries, read.Releases]);
        var kept = job.State is 'C' or 'E';
        Assert.Equal((kept ? job.KeptUntil : null, kept ? job.Result : ""), (read.KeptUntil?.ToUnixTimeMilliseconds(), read.Result is { } result ? Encoding.ASCII.GetString(result.Utf8.Span) : ""));
        Assert.Equal((job.Body.Queue, job.Body.Options, "[1]"), (read.StoredQueue, read.Options, Encoding.ASCII.GetString(read.Payload.Utf8.Span)));
        Assert.Equal(job.Body.Metadata, read.Metadata);
    }

    private static byte[] U48(long number) => [.. U16((int)(number >> 32)), .. U32((uint)number)];

    private static byte[] U32(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }

    private static byte[] U16(int number) => [(byte)(number >> 8), (byte)number];

    private sealed record Fields(
        char State, bool Claimed, int Priority, bool Cancelled, bool Watched, long RunAt, long IdInstant, long EnqueuedAt, ushort MaxAttempts, uint LeaseMs,
        long Fence, long At, byte[] Nonce, ushort[] Counters, string Worker, byte[] Past, long KeptUntil, string Result, Body Body, bool IsDelayed);

    private sealed record Body(string Queue, JobOptions Options, Dictionary<string, string>? Metadata, byte[] Bytes);

    public sealed class OnEmbedded(EmbeddedApi api) : RecordTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : RecordTests(api), IClassFixture<RedisApi>;
}
