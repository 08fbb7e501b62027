using System.Text;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Store;

/// <summary>Runs scripts by themselves, at instants of its own, and writes down what they reply and what is stored in the end.</summary>
internal abstract class ScriptTranscript(Api api)
{
    protected const string Queue = "default/parity";
    protected const long Start = 1_900_000_000_000;
    protected const long Last = 253_402_300_799_999;
    private const int EventsKept = 1_000;
    protected const string Default = "e1000,2,3600000,n";
    protected static readonly byte[] Hash = [.. Enumerable.Range(1, 16).Select(i => (byte)(i * 16))];
    protected static readonly byte[] OtherHash = new byte[16];
    protected static readonly byte[] Unknown = Id(1, "");
    protected static readonly byte[] Nonce = [0, 255, 10, 13, 128, 1, 2, 3];

    private readonly StringBuilder text = new();

    protected Api Api { get; } = api;

    /// <summary>The instant of the next call, ms.</summary>
    protected long Now { get; set; } = Start;

    public override string ToString() => text.ToString();

    protected async Task DumpAsync()
    {
        var database = await Api.Service<StoreConnection>().DatabaseAsync();
        foreach (var key in Api.Service<Partitions>().First.For([Queue, "default/empty"]).Concat(Api.Service<Partitions>().First.Schedules))
        {
            var entries = await database.KeyTypeAsync(key) switch
            {
                RedisType.Hash => (await database.HashGetAllAsync(key)).Select(entry => $"{Show(entry.Name)}={Show(entry.Value)}"),
                RedisType.SortedSet => (await database.SortedSetRangeByRankWithScoresAsync(key)).Select(entry => $"{Show(entry.Element)}={entry.Score}"),
                RedisType.List => (await database.ListRangeAsync(key)).Select(Show),
                RedisType.String => [Show(await database.StringGetAsync(key))],
                _ => [],
            };
            text.Append(((string)key!).Split('}')[1]).Append(' ').AppendJoin(' ', entries.Order(StringComparer.Ordinal)).Append('\n');
        }
    }

    /// <summary>Runs a script whose reply is the code that is expected, or has such codes, or lists that begin with them, at every n-th place.</summary>
    protected async Task<RedisResult[]> ExpectAsync(string script, string codes, string[] queues, RedisValue[] arguments)
    {
        var reply = await RunAsync(script, queues, arguments);
        var values = reply.Resp2Type == ResultType.Array ? (RedisResult[])reply! : [reply];
        var expected = codes.Split(' ');
        var stride = values.Length / expected.Length;
        Assert.Equal(expected, values.Where((_, i) => i % stride == 0).Select(value => (string)(value.Resp2Type == ResultType.Array ? value[0] : value)!));
        return values;
    }

    /// <summary>Makes jobs with what becomes of each: 1 made, or the code that begins its list.</summary>
    protected async Task MakeAsync(string codes, string queue, params RedisValue[][] jobs)
    {
        var reply = (RedisResult[])(await RunAsync("Jobs/ScheduleJob.lua", [queue], [86_400_000, 1_000, .. Numbered(jobs)]))!;
        var notMade = new Queue<RedisResult>(reply.Skip(3));
        Assert.Equal(codes.Split(' '), ((byte[])reply[2]!).Chunk(16).Select(made => made.Any(value => value > 0) ? "1" : (string)notMade.Dequeue()[0]!));
    }

    private static RedisKey[] FurtherKeys(string script, PartitionKeys keys) =>
        script == "Store/FsckAside.lua" ? [keys.Jobs, keys.LostAndFound]
        : script == "Receipts/WriteMark.lua" ? [keys.Receipts]
        : script.Contains("Schedules.lua", StringComparison.Ordinal) || script == "Reaping/LookAhead.lua" ? keys.Schedules
        : [];

    protected async Task<RedisResult> RunAsync(string script, string[] queues, RedisValue[] arguments)
    {
        var database = await Api.Service<StoreConnection>().DatabaseAsync();
        var call = new ScriptCall(Api.Service<Partitions>().First);
        foreach (var queue in queues)
        {
            call.Queue(queue);
        }

        var keys = Api.Service<Partitions>().First;
        var reply = await database.ScriptEvaluateAsync(
            Script.Load(script).Text, [.. keys.For(queues), .. FurtherKeys(script, keys)], call.Add(arguments).Arguments(Now, EventsKept));
        text.Append(script).Append(' ').Append(script switch
        {
            // The engines tell a hash's fields in any order.
            "Queues/GetQueue.lua" => ShowHashes(reply),
            // Every server has a history of its own.
            "Receipts/WriteMark.lua" => $"{((string)reply!).Length} characters",
            _ => Show(reply),
        }).Append('\n');
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

    /// <summary>The id that a job got: when it was made, its number in the call that made it, that call's number among those then, and its letter.</summary>
    protected static byte[] Id(long instant, string letter, int job = 0, int call = 0) => [.. U48(instant), .. U48(call)[4..], (byte)job, .. Random(letter)];

    /// <summary>The jobs of one call.</summary>
    protected static IEnumerable<RedisValue> Numbered(IEnumerable<RedisValue[]> jobs) => jobs.SelectMany((job, number) =>
    {
        ((byte[])job[3]!)[0] = (byte)number;
        return job;
    });

    private static byte[] U48(long number) => [.. BitConverter.GetBytes(number).Reverse().Skip(2)];

    private static byte[] Random(string letter) => Encoding.ASCII.GetBytes(letter.PadLeft(5, '0'));

    protected static RedisValue[] NewJob(
        string letter, int priority = 4, RedisValue delay = default, long runAt = 0, int attempts = 20, int leaseMs = 0, string key = "", byte[]? hash = null,
        string options = "", string queue = Queue, char onConflict = 'r', int knownMs = 86_400_000) =>
    [
        1, runAt > 0 ? $"@{runAt}" : delay.IsNull ? 0 : delay,
        (byte[])[(byte)('0' + priority), 0, (byte)attempts, .. U48(leaseMs)[2..], .. Promise(onConflict, options, key, hash ?? Hash, knownMs)], (byte[])[0, .. Random(letter)],
        (byte[])[(byte)'P', (byte)('0' + priority), (byte)(runAt > 0 ? '0' : '@'), .. U48(runAt > 0 ? runAt : (long)delay),
            (byte)(queue.Length | (options.Length > 0 ? 128 : 0)), .. Encoding.UTF8.GetBytes(queue), .. options.Length > 0 ? [(byte)options.Length] : Array.Empty<byte>(),
            .. Encoding.ASCII.GetBytes(options), 0, 0, 0, 0, 0, 255, 0, 128],
    ];

    private static byte[] Promise(char onConflict, string options, string key, byte[] hash, int knownMs) =>
        key.Length > 0 ? [(byte)onConflict, .. U48(knownMs), .. hash, .. Encoding.ASCII.GetBytes(key)] : onConflict == 'r' && options.Length == 0 ? [] : [(byte)onConflict];

    protected static RedisValue Schedule(byte[] stamp, long next)
    {
        var instant = U48(next);
        return (byte[])[.. stamp, .. instant, (byte)'-', .. instant, .. new byte[6], .. new byte[14], .. "{\r\n}"u8];
    }

    protected RedisValue[] Firing(string name, byte[] read, byte[] stamp, long next, bool makesJob = true, string overlap = "allow") =>
    [
        "default/" + name, read, stamp, next, Now, overlap, makesJob ? "1" : "", .. NewJob(name, attempts: 3),
    ];

    protected static RedisValue[] Lease(byte[] id, long fence, params RedisValue[] more) => [id, 1, (byte[])[.. U48(fence), .. Nonce], .. more];

    protected static RedisValue[] Ack(byte[] id, long fence, string result = "", params RedisValue[][] then) =>
        [1, (byte[])[.. id, .. U48(fence), .. Nonce], result, then.Length, .. then.SelectMany(job => job)];

    protected static RedisValue[] Nack(byte[] id, long fence, RedisValue? delay = null, bool dead = false, string backoff = Default) =>
        Lease(id, fence, "type\0what", delay ?? "", dead ? "1" : "", 3_000_000_000, backoff);
}
