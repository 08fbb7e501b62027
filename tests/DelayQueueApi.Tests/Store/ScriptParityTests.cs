using System.Text;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Store;

/// <summary>Every return code of every script, on both engines: the replies and what is stored afterwards are the same, byte for byte.</summary>
public sealed class ScriptParityTests(EmbeddedEngine embedded, RedisEngine redis)
{
    private const string Queue = "default/parity";
    private const long Last = 253_402_300_799_999;
    private const string Default = "e1000,2,3600000,n";
    private static readonly byte[] Hash = [.. Enumerable.Range(1, 16).Select(i => (byte)(i * 16))];
    private static readonly byte[] OtherHash = new byte[16];
    private static readonly byte[] Nonce = [0, 255, 10, 13, 128, 1, 2, 3];

    [Fact]
    public async Task Both_engines_answer_alike()
    {
        await using var onEmbedded = new EmbeddedApi(embedded);
        await onEmbedded.InitializeAsync();
        await using var onRedis = new RedisApi(redis);
        await onRedis.InitializeAsync();

        var expected = await new Transcript(onRedis).RunAsync();
        var actual = await new Transcript(onEmbedded).RunAsync();

        Assert.Equal(expected, actual);
    }

    private sealed class Transcript(Api api)
    {
        private readonly StringBuilder text = new();
        private long now = 1_900_000_000_000;

        public async Task<string> RunAsync()
        {
            await SchedulesAsync();
            await ClaimsAsync();
            await SettlesAsync();
            await ClaimIdsAsync();
            await UpdatesAsync();
            await CancelsAsync();
            await ExpiriesAsync();
            await QueuesAsync();
            await RepairsAsync();
            await RecurAsync();
            await DumpAsync();
            return text.ToString();
        }

        private async Task SchedulesAsync()
        {
            await ExpectAsync("Queues/GetQueue.lua", "0", [Queue], []);
            await ExpectAsync("Jobs/ScheduleJob.lua", "1 1", [Queue], [86_400_000, 1_000, .. NewJob("A", delay: 0), .. NewJob("B", delay: 5_000, key: "k")]);
            await ExpectAsync("Jobs/ScheduleJob.lua", "2 -1", [Queue], [86_400_000, 1_000, .. NewJob("C", key: "k"), .. NewJob("D", key: "k", hash: OtherHash)]);
            await ExpectAsync("Jobs/ScheduleJob.lua", "1 1 1", [Queue], [86_400_000, 1_000,
                .. NewJob("E", runAt: 253_402_300_799_999, priority: 9), .. NewJob("F", runAt: 1, priority: 0), .. NewJob("G", delay: 1, attempts: 1, leaseMs: 43_200_000)]);
            await RunAsync("Queues/GetQueue.lua", [Queue], []);
            await RunAsync("Jobs/GetJob.lua", [], ["", Ulid(0, "A"), "01ARZ3NDEKTSV4RRFFQ69G5FAV"]);
        }

        private async Task ClaimsAsync()
        {
            await RunAsync("Leases/ClaimJobs.lua", [Queue, "default/empty"], [30_000, 3_600_000, "2,1", 1, "", Nonce, "w", "", "", "1", 5, 2_000, Nonce, "", "", "", "2", 1, "", Nonce, "", "", ""]);
            await RunAsync("Reaping/DueQueues.lua", [], [10]);
            now += 5_000;
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 1, "", Nonce, "ünï", "", ""]);
            await RunAsync("Queues/GetQueue.lua", [Queue], []);
        }

        /// <summary>A is leased since the first instant (30 s), F since then (2 s: over), G and B wait.</summary>
        private async Task SettlesAsync()
        {
            var fence = now - 5_000;
            await ExpectAsync("Leases/ExtendLease.lua", "1 -1 0", [Queue], [60_000, .. Lease(Ulid(0, "A"), fence, 90_000), .. Lease(Ulid(0, "F", 3), fence, 90_000), .. Lease("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1, 1_000)]);
            await ExpectAsync("Leases/ReleaseJob.lua", "1 -1 0", [Queue], [60_000, .. Lease(Ulid(0, "A"), fence), .. Lease(Ulid(0, "B", 1), 1), .. Lease("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1)]);
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 9, "", Nonce, "w", "", ""]);
            await ExpectAsync("Leases/NackJob.lua", "3 2", [Queue], [60_000, .. Nack(Ulid(0, "A"), now), .. Nack(Ulid(0, "B", 1), now, dead: true)]);
            now += 1_000;
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 9, "", Nonce, "w", "", ""]);
            await ExpectAsync("Leases/NackJob.lua", "1 0 -1", [Queue], [60_000, .. Nack(Ulid(0, "A"), now, delay: 0), .. Nack("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1), .. Nack(Ulid(0, "A"), now - 1)]);
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 9, "", Nonce, "w", "", ""]);
            await ExpectAsync("Leases/AckJob.lua", "-1 1 0", [Queue], [60_000, 86_400_000, 1_000, .. Ack(Ulid(0, "A"), now), .. Ack(Ulid(0, "A"), now + 1), .. Ack("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1)]);
            await ExpectAsync("Leases/AckJob.lua", "2 -1", [Queue], [60_000, 86_400_000, 1_000, .. Ack(Ulid(0, "A"), now + 1), .. Ack(Ulid(0, "A"), now)]);
        }

        private async Task ClaimIdsAsync()
        {
            await ExpectAsync("Jobs/ScheduleJob.lua", "1 1", [Queue], [86_400_000, 1_000, .. NewJob("X"), .. NewJob("Y")]);
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 2, "", Nonce, "w", "c", "", "1", 2, "", Nonce, "w", "c", ""]);
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 2, "", Nonce, "w", "c", ""]);
            await ExpectAsync("Leases/AckJob.lua", "1 1", [Queue], [60_000, 86_400_000, 1_000, .. Ack(Ulid(6_000, "X"), now), .. Ack(Ulid(6_000, "Y", 1), now)]);
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 2, "", Nonce, "w", "c", ""]);
        }

        private async Task UpdatesAsync()
        {
            var id = Ulid(6_000, "U", 2);
            await ExpectAsync("Jobs/ScheduleJob.lua", "1", [Queue], [86_400_000, 1_000, .. NewJob("U", delay: 5)]);
            var read = (await RunAsync("Jobs/GetJob.lua", [], ["", id]))[1];
            var changed = await ExpectAsync("Jobs/UpdateJob.lua", "1", [Queue], [id, (RedisValue)read, 9, 7, 2_000, "", 1, "\u000edefault/parity\0\0\0\0[1]"]);
            await RunAsync("Jobs/ExplainJob.lua", [Queue], [id]);
            await RunAsync("Jobs/ExplainJob.lua", [Queue], [Ulid(0, "B", 1)]);
            await ExpectAsync("Jobs/UpdateJob.lua", "-3", [Queue], [id, (RedisValue)read, 1, "", "", 3, "", ""]);
            await ExpectAsync("Jobs/UpdateJob.lua", "1", [Queue], [id, (RedisValue)changed[1], "", "", "", 0, "", ""]);
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 1, "", Nonce, "w", "", ""]);
            await ExpectAsync("Jobs/UpdateJob.lua", "-1", [Queue], [id, (RedisValue)read, 1, "", "", "", "", ""]);
            await ExpectAsync("Jobs/UpdateJob.lua", "-2", [Queue], [Ulid(0, "B", 1), (RedisValue)read, 1, "", "", "", "", ""]);
            await ExpectAsync("Jobs/UpdateJob.lua", "0", [Queue], ["01ARZ3NDEKTSV4RRFFQ69G5FAV", (RedisValue)read, 1, "", "", "", "", ""]);
            await ExpectAsync("Leases/AckJob.lua", "1", [Queue], [60_000, 86_400_000, 1_000, .. Ack(id, now)]);
        }

        private async Task CancelsAsync()
        {
            await ExpectAsync("Jobs/ScheduleJob.lua", "1 1 1 1", [Queue], [86_400_000, 1_000, .. NewJob("H"), .. NewJob("I"), .. NewJob("J"), .. NewJob("K", delay: 9)]);
            var at = now;
            string[] held = [Ulid(6_000, "H", 3), Ulid(6_000, "I", 4), Ulid(6_000, "J", 5)];
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 9, "", Nonce, "w", "", ""]);
            await ExpectAsync("Jobs/CancelJob.lua", "2 2 2 1 0 -1", [Queue],
                [held[0], 1, held[1], 1, held[2], 1, Ulid(6_000, "K", 6), 1, "01ARZ3NDEKTSV4RRFFQ69G5FAV", 1, Ulid(0, "B", 1), 1]);
            await ExpectAsync("Leases/ExtendLease.lua", "2", [Queue], [60_000, .. Lease(held[0], at, 60_000)]);
            await ExpectAsync("Leases/AckJob.lua", "-2", [Queue], [60_000, 86_400_000, 1_000, .. Ack(held[0], at)]);
            await ExpectAsync("Leases/AckJob.lua", "-2", [Queue], [60_000, 86_400_000, 1_000, .. Ack(held[0], at)]);
            await ExpectAsync("Leases/NackJob.lua", "-2", [Queue], [60_000, .. Nack(held[1], at)]);
            await ExpectAsync("Leases/ReleaseJob.lua", "-2", [Queue], [60_000, .. Lease(held[2], at)]);
            await ExpectAsync("Leases/ExtendLease.lua", "-2", [Queue], [60_000, .. Lease(held[2], at, 60_000)]);
        }

        private async Task ExpiriesAsync()
        {
            now += 43_300_000;
            await RunAsync("Reaping/DueQueues.lua", [], [10]);
            await RunAsync("Reaping/ReapQueues.lua", [Queue, "default/empty"], [1]);
            await RunAsync("Reaping/ReapQueues.lua", [Queue], [100]);
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 100, 1_000, Nonce, "", "", ""]);
            // Each kind of backoff, with jitter; then a memory of settled jobs that is two periods old.
            foreach (var backoff in (string[])["f700,e", "e1000,2.5,4000,f", "d5,6,7"])
            {
                now += 5_000;
                await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 1, "", Nonce, "", "", ""]);
                await RunAsync("Leases/NackJob.lua", [Queue], [60_000, .. Nack(Ulid(0, "F", 3), now, backoff: backoff)]);
            }

            now += 120_000;
            await ExpectAsync("Leases/AckJob.lua", "0", [Queue], [60_000, 86_400_000, 1_000, .. Ack(Ulid(0, "A"), 1)]);
        }

        /// <summary>B is dead, E is scheduled for the last instant; eight more of one run-at are made here, and two of them die.</summary>
        private async Task QueuesAsync()
        {
            await RunAsync("Queues/SetQueue.lua", [Queue], ["", "paused", "1"]);
            await RunAsync("Queues/SetQueue.lua", [Queue], ["", "paused", "1", "leaseMs", ""]);
            await RunAsync("Queues/SetQueue.lua", ["default/paused"], ["1", "paused", "1", "leaseMs", 5_000]);
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 9, "", Nonce, "w", "", ""]);
            await ExpectAsync("Queues/GetQueue.lua", "1 0", ["default/paused", "default/empty"], []);
            await RunAsync("Queues/SetQueue.lua", [Queue], ["", "paused", ""]);
            await RunAsync("Queues/SetQueue.lua", ["default/empty"], ["", "paused", ""]);
            await ExpectAsync("Queues/ListQueues.lua", $"{Queue} default/paused", [], ["", 3]);
            await ExpectAsync("Queues/ListQueues.lua", Queue, [], ["", 1]);
            await ExpectAsync("Queues/ListQueues.lua", "default/paused", [], [Queue, 3]);

            await RunAsync("Queues/PurgeQueue.lua", [Queue], ["ready", 100, ""]);
            await RunAsync("Jobs/ScheduleJob.lua", [Queue], [86_400_000, 1_000, .. "12345678".SelectMany(letter => NewJob($"{letter}", priority: 9, attempts: 1))]);
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 2, 1_000, Nonce, "w", "", ""]);
            foreach (var state in (string[])["ready", "scheduled", "leased", "dead"])
            {
                var first = (RedisResult[])(await RunAsync("Jobs/ListJobs.lua", [Queue], [state, 1, 100, "", "", ""]))!;
                await RunAsync("Jobs/ListJobs.lua", [Queue], [state, 100, 100, (string)first[1]!, (string)first[2]!, (string)first[3]!]);
                await RunAsync("Jobs/ListJobs.lua", [Queue], [state, 100, 100, state is "ready" ? 9 : 0, now, "01ARZ3NDEKTSV4RRFFQ69G5FAV"]);
            }

            now += 1_000;
            await RunAsync("Reaping/ReapQueues.lua", [Queue], [100]);
            await ExpectAsync("Queues/RedriveJobs.lua", "0", [Queue], [20, "", "type", 0, Last, 0, "", "", "", 0]);
            await ExpectAsync("Queues/RedriveJobs.lua", $"0 0 {now - 1}  ", [Queue], [20, now - 1, "other", 0, Last, 9, "", "", "", 1, "\"a\":\"b\""]);
            var step = (RedisResult[])(await RunAsync("Queues/RedriveJobs.lua", [Queue], [1, "", "", 0, Last, 9, "", "", "", 0]))!;
            Assert.NotEqual("", (string)step[4]!);
            await RunAsync("Queues/RedriveJobs.lua", [Queue], [1, (string)step[2]!, "", 0, Last, 9, "", (string)step[3]!, (string)step[4]!, 0]);
            await ExpectAsync("Queues/RedriveJobs.lua", $"0 0 {now}  ", [Queue], [20, "", "", 0, Last, 9, "", "", "", 0, "01ARZ3NDEKTSV4RRFFQ69G5FAV", Ulid(0, "B", 1)]);
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 2, 1_000, Nonce, "w", "", ""]);
            now += 1_000;
            await ExpectAsync("Queues/PurgeQueue.lua", $"3 6 {now}", [Queue], ["ready", 3, ""]);
            await RunAsync("Reaping/ReapQueues.lua", [Queue], [100]);
            await RunAsync("Queues/PurgeQueue.lua", [Queue], ["dead", 100, ""]);
            await ExpectAsync("Queues/PurgeQueue.lua", $"0 0 {now}", [Queue], ["dead", 100, ""]);
        }

        private async Task RepairsAsync()
        {
            var database = await api.Service<StoreConnection>().DatabaseAsync();
            var indexes = api.Service<PartitionKeys>().Indexes(Queue).ToArray();
            await database.SortedSetRemoveAsync(indexes[9], Ulid(0, "E", 2));
            await database.SortedSetAddAsync(indexes[11], Ulid(0, "E", 2), 7);
            await RunAsync("Store/Fsck.lua", [Queue], ["", "", Ulid(0, "E", 2)]);
            await RunAsync("Store/Fsck.lua", [Queue], ["1", 11, Ulid(0, "E", 2)]);
            await RunAsync("Store/Fsck.lua", [Queue], ["1", "", Ulid(0, "E", 2)]);
            await RunAsync("Store/FsckCounts.lua", [Queue], ["1"]);
            await RunAsync("Store/FsckKeys.lua", [], ["1", 0, "k", "unknown"]);
        }

        /// <summary>Two schedules, of which one goes on, one ends and both have made a job; then what fsck finds.</summary>
        private async Task RecurAsync()
        {
            byte[] first = [0, 1, 2, 3, 255, 13, 10, 0], second = [.. first.Reverse()], third = [.. Nonce];
            await ExpectAsync("Schedules/WriteSchedules.lua", "1 1 0 0", [],
                ["default/a", "", Schedule(first, now), "default/b", "", Schedule(first, now + 1), "default/c", second, Schedule(first, 5), "default/a", "", ""]);
            await RunAsync("Schedules/ListSchedules.lua", [], ["default/", "default/", 1]);
            await RunAsync("Schedules/ListSchedules.lua", [], ["default/", "default/a", 9]);
            await RunAsync("Schedules/ReadSchedules.lua", [], ["default/a", "default/c"]);
            await RunAsync("Schedules/DueSchedules.lua", [], [0, 20]);
            await RunAsync("Schedules/DueSchedules.lua", [], [1, 20]);
            await ExpectAsync("Schedules/FireSchedules.lua", "1 2 0 0", [Queue],
                [.. Firing("a", first, second, now + 9), .. Firing("b", first, second, 0, makesJob: false), .. Firing("c", first, second, 1), .. Firing("a", first, second, 1)]);
            await RunAsync("Schedules/DueSchedules.lua", [], [0, 20]);
            await ExpectAsync("Schedules/FireSchedules.lua", "2 1", [Queue],
                [.. Firing("a", second, third, now + 99, overlap: "skip"), .. Firing("b", second, third, 253_402_300_799_999)]);
            await ExpectAsync("Schedules/WriteSchedules.lua", "1 0", [], ["default/b", third, "", "default/a", second, ""]);
            var database = await api.Service<StoreConnection>().DatabaseAsync();
            var keys = api.Service<PartitionKeys>();
            await database.SortedSetAddAsync(keys.Schedules[2], [new("default/a", 7), new("default/b", 8)]);
            await database.StringSetAsync(keys.LastId, "1 0 000000000100000");
            await RunAsync("Store/FsckSchedules.lua", [], ["", first, "default/a", "default/b"]);
            await database.KeyDeleteAsync(keys.Jobs);
            await RunAsync("Store/FsckSchedules.lua", [], ["1", first, "default/a", "default/b"]);
            await RunAsync("Store/FsckSchedules.lua", [], ["", first, "default/a", "default/b"]);
            await database.SortedSetAddAsync(keys.Schedules[2], [new("default/a", 7), new("default/b", 8)]);
            await RunAsync("Schedules/DueSchedules.lua", [], [0, 20]);
        }

        private async Task DumpAsync()
        {
            var database = await api.Service<StoreConnection>().DatabaseAsync();
            foreach (var key in api.Service<PartitionKeys>().For([Queue, "default/empty"]).Concat(api.Service<PartitionKeys>().Schedules))
            {
                var entries = await database.KeyTypeAsync(key) switch
                {
                    RedisType.Hash => (await database.HashGetAllAsync(key)).Select(entry => $"{Show(entry.Name)}={Show(entry.Value)}"),
                    RedisType.SortedSet => (await database.SortedSetRangeByRankWithScoresAsync(key)).Select(entry => $"{Show(entry.Element)}={entry.Score}"),
                    RedisType.String => [Show(await database.StringGetAsync(key))],
                    _ => [],
                };
                text.Append(((string)key!).Split('}')[1]).Append(' ').AppendJoin(' ', entries.Order(StringComparer.Ordinal)).Append('\n');
            }
        }

        /// <summary>Runs a script whose reply has at every n-th place the codes that are expected, or lists that begin with them.</summary>
        private async Task<RedisResult[]> ExpectAsync(string script, string codes, string[] queues, RedisValue[] arguments)
        {
            var reply = await RunAsync(script, queues, arguments);
            var values = (RedisResult[])reply!;
            var expected = codes.Split(' ');
            var stride = values.Length / expected.Length;
            Assert.Equal(expected, values.Where((_, i) => i % stride == 0).Select(value => (string)(value.Resp2Type == ResultType.Array ? value[0] : value)!));
            return values;
        }

        private async Task<RedisResult> RunAsync(string script, string[] queues, RedisValue[] arguments)
        {
            var database = await api.Service<StoreConnection>().DatabaseAsync();
            var call = new ScriptCall();
            foreach (var queue in queues)
            {
                call.Queue(queue);
            }

            var keys = api.Service<PartitionKeys>();
            var reply = await database.ScriptEvaluateAsync(
                Script.Load(script).Text, [.. keys.For(queues), .. script.Contains("Schedules.lua", StringComparison.Ordinal) ? keys.Schedules : []], call.Add(arguments).Arguments(now));
            // The engines tell a hash's fields in any order.
            text.Append(script).Append(' ').Append(script == "Queues/GetQueue.lua" ? ShowHashes(reply) : Show(reply)).Append('\n');
            return reply;
        }

        private string ShowHashes(RedisResult reply) => string.Join(' ', ((RedisResult[])reply!).Select(value => value.Resp2Type == ResultType.Array
            ? string.Join(' ', ((RedisResult[])value!).Chunk(2).Select(field => $"{Show(field[0])}={Show(field[1])}").Order(StringComparer.Ordinal))
            : Show(value)));

        private string Show(RedisResult reply) => reply switch
        {
            { IsNull: true } => "nil",
            { Resp2Type: ResultType.Array } => $"[{string.Join(' ', ((RedisResult[])reply!).Select(Show))}]",
            { Resp2Type: ResultType.Integer } => $":{(long)reply}",
            _ => Show((RedisValue)reply),
        };

        private static string Show(RedisValue value) => Convert.ToHexString((byte[]?)value ?? []);

        /// <summary>The id that a job got: when it was made, its number among those made then, and its letter.</summary>
        private static string Ulid(int afterMs, string letter, int sequence = 0) =>
            $"{(afterMs == 0 ? "01Q9GD6E00" : "01Q9GD6KVG")}0000{sequence}{letter.PadLeft(11, '0')}";

        private static RedisValue[] NewJob(
            string letter, int priority = 4, RedisValue delay = default, long runAt = 0, int attempts = 20, int leaseMs = 0, string key = "", byte[]? hash = null,
            string options = "", string onConflict = "return", int knownMs = 86_400_000) =>
        [
            1, priority, runAt > 0 ? "" : delay.IsNull ? 0 : delay, runAt, letter.PadLeft(11, '0'), attempts, leaseMs,
            (byte[])[(byte)(Queue.Length | (options.Length > 0 ? 128 : 0)), .. Encoding.UTF8.GetBytes(Queue), .. options.Length > 0 ? [(byte)options.Length] : Array.Empty<byte>(),
                .. Encoding.ASCII.GetBytes(options), 0, 0, 0, 0, 0, 255, 0, 128],
            onConflict, key, key.Length > 0 ? hash ?? Hash : "", knownMs,
        ];

        private static RedisValue Schedule(byte[] stamp, long next)
        {
            byte[] instant = [.. BitConverter.GetBytes(next).Reverse().Skip(2)];
            return (byte[])[.. stamp, .. instant, (byte)'-', .. instant, .. new byte[6], .. Encoding.ASCII.GetBytes(new string('-', 26)), .. "{\r\n}"u8];
        }

        private RedisValue[] Firing(string name, byte[] read, byte[] stamp, long next, bool makesJob = true, string overlap = "allow") =>
        [
            "default/" + name, read, stamp, next, now, overlap, makesJob ? "1" : "", .. NewJob(name, attempts: 3),
        ];

        private static RedisValue[] Lease(string id, long fence, params RedisValue[] more) => [id, 1, fence, Nonce, .. more];

        private static RedisValue[] Ack(string id, long fence, string result = "", params RedisValue[][] then) =>
            Lease(id, fence, [result, then.Length, .. then.SelectMany(job => job)]);

        private static RedisValue[] Nack(string id, long fence, RedisValue? delay = null, bool dead = false, string backoff = Default) =>
            Lease(id, fence, "type\0what", delay ?? "", dead ? "1" : "", 3_000_000_000, backoff);
    }
}
