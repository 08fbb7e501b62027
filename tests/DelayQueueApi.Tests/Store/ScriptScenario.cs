using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Store;

/// <summary>Brings every script to each of its return codes, in one long life of a few queues.</summary>
internal sealed class ScriptScenario(Api api) : ScriptTranscript(api)
{
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
        await EndsAsync();
        await UniqueAsync();
        await ChainsAsync();
        await GraceAsync();
        await RedriveTasksAsync();
        await RepairsAsync();
        await RecurAsync();
        await EventsAsync();
        await DumpAsync();
        return ToString();
    }

    private async Task SchedulesAsync()
    {
        await ExpectAsync("Queues/GetQueue.lua", "0", [Queue], []);
        await MakeAsync("1 1", Queue, NewJob("A", delay: 0), NewJob("B", delay: 5_000, key: "k"));
        await MakeAsync("2 -1", Queue, NewJob("C", key: "k"), NewJob("D", key: "k", hash: OtherHash));
        await MakeAsync("1 1 1", Queue,
            NewJob("E", runAt: 253_402_300_799_999, priority: 9), NewJob("F", runAt: 1, priority: 0), NewJob("G", delay: 1, attempts: 1, leaseMs: 43_200_000));
        await RunAsync("Queues/GetQueue.lua", [Queue], []);
        await RunAsync("Reaping/LookAhead.lua", ["default/empty", Queue], []);
        await RunAsync("Jobs/GetJob.lua", [], ["", Id(Start, "A"), Unknown]);
    }

    private async Task ClaimsAsync()
    {
        await RunAsync("Leases/ClaimJobs.lua", [Queue, "default/empty"], [30_000, 3_600_000, "2,1", 1, "", Nonce, "w", "", "", "1", 5, 2_000, Nonce, "", "", "", "2", 1, "", Nonce, "", "", ""]);
        await RunAsync("Reaping/DueQueues.lua", [], [10, 0]);
        Now += 5_000;
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 1, "", Nonce, "ünï", "", ""]);
        await RunAsync("Queues/GetQueue.lua", [Queue], []);
    }

    /// <summary>A is leased since the first instant (30 s), F since then (2 s: over), G and B wait.</summary>
    private async Task SettlesAsync()
    {
        var fence = Now - 5_000;
        await ExpectAsync("Leases/ExtendLease.lua", "1 -1 0", [Queue], [60_000, .. Lease(Id(Start, "A"), fence, 90_000, ""), .. Lease(Id(Start, "F", 1, call: 1), fence, 90_000, ""), .. Lease(Unknown, 1, 1_000, "1")]);
        await ExpectAsync("Leases/ReleaseJob.lua", "1 -1 0", [Queue], [60_000, .. Lease(Id(Start, "A"), fence), .. Lease(Id(Start, "B", 1), 1), .. Lease(Unknown, 1)]);
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 9, "", Nonce, "w", "", ""]);
        await ExpectAsync("Leases/NackJob.lua", "3 2", [Queue], [60_000, .. Nack(Id(Start, "A"), Now), .. Nack(Id(Start, "B", 1), Now, dead: true)]);
        Now += 1_000;
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 9, "", Nonce, "w", "", ""]);
        await ExpectAsync("Leases/NackJob.lua", "1 0 -1", [Queue], [60_000, .. Nack(Id(Start, "A"), Now, delay: 0), .. Nack(Unknown, 1), .. Nack(Id(Start, "A"), Now - 1)]);
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 9, "", Nonce, "w", "", ""]);
        await ExpectAsync("Leases/AckJob.lua", "-1 1 0", [Queue], [60_000, 86_400_000, 1_000, .. Ack(Id(Start, "A"), Now), .. Ack(Id(Start, "A"), Now + 1), .. Ack(Unknown, 1)]);
        await ExpectAsync("Leases/AckJob.lua", "2 -1", [Queue], [60_000, 86_400_000, 1_000, .. Ack(Id(Start, "A"), Now + 1), .. Ack(Id(Start, "A"), Now)]);
    }

    private async Task ClaimIdsAsync()
    {
        await MakeAsync("1 1", Queue, NewJob("X"), NewJob("Y"));
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 2, "", Nonce, "w", "c", "", "1", 2, "", Nonce, "w", "c", ""]);
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 2, "", Nonce, "w", "c", ""]);
        await ExpectAsync("Leases/AckJob.lua", "1 1", [Queue], [60_000, 86_400_000, 1_000, .. Ack(Id(Start + 6_000, "X"), Now), .. Ack(Id(Start + 6_000, "Y", 1), Now)]);
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 2, "", Nonce, "w", "c", ""]);
    }

    private async Task UpdatesAsync()
    {
        var id = Id(Start + 6_000, "U", 0, call: 1);
        await MakeAsync("1", Queue, NewJob("U", delay: 5));
        var read = (await RunAsync("Jobs/GetJob.lua", [], ["", id]))[1];
        var changed = await ExpectAsync("Jobs/UpdateJob.lua", "1", [Queue], [id, (RedisValue)read, 9, 7, 2_000, "", 1, "\u000edefault/parity\0\0\0\0[1]"]);
        await RunAsync("Jobs/ExplainJob.lua", [Queue], [id]);
        await RunAsync("Jobs/ExplainJob.lua", [Queue], [Id(Start, "B", 1)]);
        await ExpectAsync("Jobs/UpdateJob.lua", "-3", [Queue], [id, (RedisValue)read, 1, "", "", 3, "", ""]);
        await ExpectAsync("Jobs/UpdateJob.lua", "1", [Queue], [id, (RedisValue)changed[1], "", "", "", 0, "", ""]);
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 1, "", Nonce, "w", "", ""]);
        await ExpectAsync("Jobs/UpdateJob.lua", "-1", [Queue], [id, (RedisValue)read, 1, "", "", "", "", ""]);
        await ExpectAsync("Jobs/UpdateJob.lua", "-2", [Queue], [Id(Start, "B", 1), (RedisValue)read, 1, "", "", "", "", ""]);
        await ExpectAsync("Jobs/UpdateJob.lua", "0", [Queue], [Unknown, (RedisValue)read, 1, "", "", "", "", ""]);
        await ExpectAsync("Leases/AckJob.lua", "1", [Queue], [60_000, 86_400_000, 1_000, .. Ack(id, Now)]);
    }

    private async Task CancelsAsync()
    {
        await MakeAsync("1 1 1 1", Queue, NewJob("H"), NewJob("I"), NewJob("J"), NewJob("K", delay: 9));
        var at = Now;
        byte[][] held = [Id(Start + 6_000, "H", 0, call: 2), Id(Start + 6_000, "I", 1, call: 2), Id(Start + 6_000, "J", 2, call: 2)];
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 9, "", Nonce, "w", "", ""]);
        await ExpectAsync("Jobs/CancelJob.lua", "2 2 2 1 0 -1", [Queue],
            [held[0], 1, held[1], 1, held[2], 1, Id(Start + 6_000, "K", 3, call: 2), 1, Unknown, 1, Id(Start, "B", 1), 1]);
        await ExpectAsync("Leases/ExtendLease.lua", "2", [Queue], [60_000, .. Lease(held[0], at, 60_000, "1")]);
        await ExpectAsync("Leases/AckJob.lua", "-2", [Queue], [60_000, 86_400_000, 1_000, .. Ack(held[0], at)]);
        await ExpectAsync("Leases/AckJob.lua", "-2", [Queue], [60_000, 86_400_000, 1_000, .. Ack(held[0], at)]);
        await ExpectAsync("Leases/NackJob.lua", "-2", [Queue], [60_000, .. Nack(held[1], at)]);
        await ExpectAsync("Leases/ReleaseJob.lua", "-2", [Queue], [60_000, .. Lease(held[2], at)]);
        await ExpectAsync("Leases/ExtendLease.lua", "-2", [Queue], [60_000, .. Lease(held[2], at, 60_000, "")]);
    }

    private async Task ExpiriesAsync()
    {
        Now += 43_300_000;
        await RunAsync("Reaping/DueQueues.lua", [], [10, 0]);
        await RunAsync("Reaping/ReapQueues.lua", [Queue, "default/empty"], [1]);
        await RunAsync("Reaping/ReapQueues.lua", [Queue], [100]);
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 100, 1_000, Nonce, "", "", ""]);
        // Each kind of backoff, with jitter; then a memory of settled jobs that is two periods old.
        foreach (var backoff in (string[])["f700,e", "e1000,2.5,4000,f", "d5,6,7"])
        {
            Now += 5_000;
            await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 1, "", Nonce, "", "", ""]);
            await RunAsync("Leases/NackJob.lua", [Queue], [60_000, .. Nack(Id(Start, "F", 1, call: 1), Now, backoff: backoff)]);
        }

        Now += 120_000;
        await ExpectAsync("Leases/AckJob.lua", "0", [Queue], [60_000, 86_400_000, 1_000, .. Ack(Id(Start, "A"), 1)]);
    }

    /// <summary>B is dead, E is scheduled for the last instant; eight more of one run-at are made here, and two of them die.</summary>
    private async Task QueuesAsync()
    {
        await RunAsync("Queues/SetQueue.lua", [Queue], ["", "1", "paused", "1"]);
        await RunAsync("Queues/SetQueue.lua", [Queue], ["", "1", "paused", "1", "settings", ""]);
        await RunAsync("Queues/SetQueue.lua", ["default/paused"], ["1", "1", "paused", "1", "settings", "5000      "]);
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 9, "", Nonce, "w", "", ""]);
        await RunAsync("Reaping/LookAhead.lua", [Queue, "default/empty"], []);
        await ExpectAsync("Queues/GetQueue.lua", "1 0", ["default/paused", "default/empty"], []);
        await RunAsync("Queues/SetQueue.lua", [Queue], ["", "1", "paused", ""]);
        await RunAsync("Queues/SetQueue.lua", ["default/empty"], ["", "1", "paused", ""]);
        await ExpectAsync("Queues/ListQueues.lua", $"{Queue} default/paused", [], ["[default/", "(default/~", 3]);
        await ExpectAsync("Queues/ListQueues.lua", Queue, [], ["[default/", "(default/~", 1]);
        await ExpectAsync("Queues/ListQueues.lua", "default/paused", [], [$"({Queue}", "(default/~", 3]);

        await RunAsync("Queues/PurgeQueue.lua", [Queue], ["ready", 100, ""]);
        await RunAsync("Jobs/ScheduleJob.lua", [Queue], [86_400_000, 1_000, .. Numbered("12345678".Select(letter => NewJob($"{letter}", priority: 9, attempts: 1)))]);
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 2, 1_000, Nonce, "w", "", ""]);
        foreach (var state in (string[])["ready", "scheduled", "leased", "dead"])
        {
            var first = (RedisResult[])(await RunAsync("Jobs/ListJobs.lua", [Queue], [state, 1, 100, "", "", "", ""]))!;
            await RunAsync("Jobs/ListJobs.lua", [Queue], [state, 100, 100, (RedisValue)first[1], (RedisValue)first[2], (RedisValue)first[3], ""]);
            await RunAsync("Jobs/ListJobs.lua", [Queue], [state, 100, 100, state is "ready" ? 9 : 0, Now, Unknown, "=type"]);
        }

        Now += 1_000;
        await RunAsync("Reaping/ReapQueues.lua", [Queue], [100]);
        await RunAsync("Queues/CountDueJobs.lua", [Queue], [3_600_000, 60, 10]);
        var groups = (RedisResult[])(await RunAsync("Queues/GroupDeadJobs.lua", [Queue], [1, "", ""]))!;
        Assert.NotEmpty((byte[])groups[2]!);
        await RunAsync("Queues/GroupDeadJobs.lua", [Queue], [100, (RedisValue)groups[1], (RedisValue)groups[2]]);
        await ExpectAsync("Queues/RedriveJobs.lua", "0", [Queue], [20, "", "=type", 0, Last, 0, "", "", "", 0]);
        await ExpectAsync("Queues/RedriveJobs.lua", $"0 0 {Now - 1}  ", [Queue], [20, Now - 1, "=other", 0, Last, 9, "", "", "", 1, "\"a\":\"b\""]);
        var step = (RedisResult[])(await RunAsync("Queues/RedriveJobs.lua", [Queue], [1, "", "", 0, Last, 9, "", "", "", 0]))!;
        Assert.NotEmpty((byte[])step[4]!);
        await RunAsync("Queues/RedriveJobs.lua", [Queue], [1, (RedisValue)step[2], "", 0, Last, 9, "", (RedisValue)step[3], (RedisValue)step[4], 0]);
        await ExpectAsync("Queues/RedriveJobs.lua", $"0 0 {Now}  ", [Queue], [20, "", "", 0, Last, 9, "", "", "", 0, Unknown, Id(Start, "B", 1)]);
        await RunAsync("Leases/ClaimJobs.lua", [Queue], [30_000, 3_600_000, "1", 2, 1_000, Nonce, "w", "", ""]);
        Now += 1_000;
        await ExpectAsync("Queues/PurgeQueue.lua", $"3 6 {Now}", [Queue], ["ready", 3, ""]);
        await RunAsync("Reaping/ReapQueues.lua", [Queue], [100]);
        await RunAsync("Queues/PurgeQueue.lua", [Queue], ["dead", 100, ""]);
        await ExpectAsync("Queues/PurgeQueue.lua", $"0 0 {Now}", [Queue], ["dead", 100, ""]);
    }

    /// <summary>L expires unkept, M kept; N is completed and kept; all are forgotten, by time and by number.</summary>
    private async Task EndsAsync()
    {
        const string Ends = "default/ends";
        await MakeAsync("1 1 1", Ends,
            NewJob("L", options: "t5", queue: Ends), NewJob("M", options: "t5r1000", queue: Ends), NewJob("N", options: "r2000", queue: Ends, priority: 9));
        var made = Now;
        await RunAsync("Leases/ClaimJobs.lua", [Ends], [30_000, 3_600_000, "1", 1, "", Nonce, "w", "", "1"]);
        await RunAsync("Jobs/GetJob.lua", [], ["1", Id(made, "N", 2)]);
        await ExpectAsync("Leases/AckJob.lua", "1", [Ends], [60_000, 86_400_000, 1_000, .. Ack(Id(made, "N", 2), Now, "{\"a\":[]}")]);
        await ExpectAsync("Leases/AckJob.lua", "2 -1", [Ends], [60_000, 86_400_000, 1_000, .. Ack(Id(made, "N", 2), Now), .. Ack(Id(made, "N", 2), Now - 1)]);
        Now += 5;
        await RunAsync("Leases/ClaimJobs.lua", [Ends], [30_000, 3_600_000, "1", 9, "", Nonce, "ünï", "", "1"]);
        await RunAsync("Jobs/ListJobs.lua", [Ends], ["expired", 100, 100, "", "", "", ""]);
        await RunAsync("Jobs/ListJobs.lua", [Ends], ["completed", 100, 100, "", "", "", "=", "\"a\":\"b\""]);
        await RunAsync("Queues/GetQueue.lua", [Ends], []);
        await ExpectAsync("Jobs/CancelJob.lua", "-1", [Ends], [Id(made, "N", 2), 1]);
        await RunAsync("Queues/SetQueue.lua", [Ends], ["1", "1", "settings", " 2  7 1 0 10"]);
        await RunAsync("Reaping/ReapQueues.lua", [Ends], [100]);
        await MakeAsync("1 -3", Ends, NewJob("O", queue: Ends, attempts: 0), NewJob("P", queue: Ends));
        await RunAsync("Leases/ClaimJobs.lua", [Ends], [30_000, 3_600_000, "1", 1, "", Nonce, "w", "", ""]);
        await ExpectAsync("Leases/NackJob.lua", "2", [Ends], [60_000, .. Nack(Id(Now, "O"), Now, dead: true)]);
        Now += 10;
        await RunAsync("Reaping/ReapQueues.lua", [Ends], [100]);
        await RunAsync("Reaping/DueQueues.lua", [], [10, 0]);
        await ExpectAsync("Queues/DeleteQueue.lua", "1", [Ends], ["", 100, "1"]);
        await ExpectAsync("Queues/DeleteQueue.lua", "0", [Ends], ["", 100, "1"]);
    }

    private async Task UniqueAsync()
    {
        const string Unique = "default/unique";
        await MakeAsync("1 3 -2 1", Unique,
            NewJob("Q", options: "ufa;b", queue: Unique), NewJob("R", options: "ufa;b", queue: Unique), NewJob("S", options: "ufa;b", queue: Unique, onConflict: 'j'),
            NewJob("T", options: "usa;b", queue: Unique, onConflict: 'p'));
        await RunAsync("Leases/ClaimJobs.lua", [Unique], [30_000, 3_600_000, "1", 1, "", Nonce, "w", "", ""]);
        // Started, so that the key is free again; then it is held by a job that is locked by hand to nobody.
        await MakeAsync("1", Unique, NewJob("U", options: "ufa;b", queue: Unique));
        var database = await Api.Service<StoreConnection>().DatabaseAsync();
        await database.HashSetAsync(Api.Service<Partitions>().First.Unique, [new($"{Unique} a;b", "gone"), new($"{Unique} c", Id(Now, "U", 0, call: 1))]);
        await RunAsync("Store/Fsck.lua", [Unique], ["1", "", Id(Now, "U", 0, call: 1)]);
        await RunAsync("Store/FsckLocks.lua", [], ["1", $"{Unique} a;b", $"{Unique} c"]);
        await ExpectAsync("Queues/DeleteQueue.lua", "-1", [Unique], ["", 100, "1"]);
        await ExpectAsync("Queues/DeleteQueue.lua", "2", [Unique], ["1", 1, "1"]);
        await ExpectAsync("Queues/DeleteQueue.lua", "1", [Unique], ["1", 100, "1"]);
    }

    private async Task ChainsAsync()
    {
        const string Chain = "default/chain";
        Now++;
        await MakeAsync("1 1", Chain, NewJob("V", queue: Chain, options: "ufv"), NewJob("W", queue: Chain, key: "w"));
        var at = Now;
        await RunAsync("Leases/ClaimJobs.lua", [Chain], [30_000, 3_600_000, "1", 2, "", Nonce, "w", "", ""]);
        RedisValue[] Acked(params RedisValue[][] then) => Ack(Id(at, "V"), at, "", then);
        await ExpectAsync("Leases/AckJob.lua", "-3", [Chain], [60_000, 86_400_000, 1_000, .. Acked(NewJob("1", queue: Chain), NewJob("2", queue: Chain, key: "w", hash: OtherHash))]);
        await RunAsync("Queues/SetQueue.lua", [Chain], ["", "1", "settings", "    2  "]);
        await ExpectAsync("Leases/AckJob.lua", "-5", [Chain], [60_000, 86_400_000, 1_000, .. Acked(NewJob("1", queue: Chain), NewJob("2", queue: Chain))]);
        await ExpectAsync("Leases/AckJob.lua", "1", [Chain], [60_000, 86_400_000, 1_000,
            .. Acked(NewJob("1", queue: Chain, options: "ufv", onConflict: 'j'), NewJob("2", queue: Chain, key: "w"))]);
        await ExpectAsync("Leases/AckJob.lua", "2", [Chain], [60_000, 86_400_000, 1_000, .. Acked()]);
        await ExpectAsync("Leases/AckJob.lua", "-4", [Chain], [60_000, 86_400_000, 1_000,
            .. Ack(Id(at, "W", 1), at, "", NewJob("3", queue: Chain, options: "ufv", onConflict: 'j'))]);
        await ExpectAsync("Queues/DeleteQueue.lua", "1", [Chain], ["1", 100, "1"]);
    }

    /// <summary>Leases that a failover has lost or cut short.</summary>
    private async Task GraceAsync()
    {
        const string Grace = "default/grace";
        Now++;
        await MakeAsync("1 1", Grace, NewJob("X", queue: Grace), NewJob("Y", queue: Grace, delay: 60_000));
        byte[] due = Id(Now, "X"), early = Id(Now, "Y", 1);
        await ExpectAsync("Leases/ExtendLease.lua", "-1 -1 -1", [Grace],
            [60_000, .. Lease(due, Now, 5_000, ""), .. Lease(due, Now + 1, 5_000, "1"), .. Lease(early, Now, 5_000, "1")]);
        await ExpectAsync("Leases/ExtendLease.lua", "1", [Grace], [60_000, .. Lease(due, Now, 5_000, "1")]);
        await RunAsync("Reaping/ProlongLeases.lua", [Queue, Grace], ["", 1_000, 50]);
        await RunAsync("Reaping/ProlongLeases.lua", [Grace, Queue], ["", 6_000, 1]);
        await RunAsync("Reaping/ProlongLeases.lua", [Grace], [Now + 6_000, 0, 50]);
        await RunAsync("Receipts/WriteMark.lua", [], []);
        await ExpectAsync("Queues/DeleteQueue.lua", "1", [Grace], ["1", 100, "1"]);
    }

    private async Task RedriveTasksAsync()
    {
        const string Dead = "default/dead";
        await RunAsync("Jobs/ScheduleJob.lua", [Dead], [86_400_000, 1_000, .. Numbered("123".Select(letter => NewJob($"{letter}", queue: Dead, attempts: 1)))]);
        await RunAsync("Leases/ClaimJobs.lua", [Dead], [30_000, 3_600_000, "1", 3, 1_000, Nonce, "w", "", ""]);
        Now += 1_000;
        await RunAsync("Reaping/ReapQueues.lua", [Dead], [100]);
        await ExpectAsync("Queues/RedriveTask.lua", "0 ", [Dead], ["cancel"]);
        await RunAsync("Queues/RedriveTask.lua", [Dead], ["start", 10, 100, "", 0, Last, "\"a\":\"b\""]);
        await RunAsync("Queues/RedriveTask.lua", [Dead], ["start", 10, 100, "", 0, Last]);
        await RunAsync("Queues/RedriveTask.lua", [Dead], ["read"]);
        await RunAsync("Queues/RedriveTask.lua", [Dead], ["cancel"]);
        await RunAsync("Queues/RedriveTask.lua", [Dead], ["start", 20, 100, "", 0, Last]);
        for (var i = 0; i < 3; i++)
        {
            await RunAsync("Reaping/ReapQueues.lua", [Dead], [100]);
            await RunAsync("Queues/GetQueue.lua", [Dead], []);
            Now += 50;
        }

        await ExpectAsync("Queues/DeleteQueue.lua", "1", [Dead], ["1", 100, "1"]);
    }

    private async Task RepairsAsync()
    {
        var database = await Api.Service<StoreConnection>().DatabaseAsync();
        var indexes = Api.Service<Partitions>().First.Indexes(Queue).ToArray();
        await database.SortedSetRemoveAsync(indexes[9], Id(Start, "E", 0, call: 1));
        await database.SortedSetAddAsync(indexes[11], Id(Start, "E", 0, call: 1), 7);
        await RunAsync("Store/Fsck.lua", [Queue], ["", "", Id(Start, "E", 0, call: 1)]);
        await RunAsync("Store/Fsck.lua", [Queue], ["1", 11, Id(Start, "E", 0, call: 1)]);
        await RunAsync("Store/Fsck.lua", [Queue], ["1", "", Id(Start, "E", 0, call: 1)]);
        await RunAsync("Store/FsckCounts.lua", [Queue], ["1"]);
        await RunAsync("Store/FsckKeys.lua", [], ["1", 0, "k", "unknown"]);
        await database.HashSetAsync(Api.Service<Partitions>().First.Jobs, "torn", "P4");
        await RunAsync("Store/Fsck.lua", [Queue], ["", "", "torn"]);
        await RunAsync("Store/FsckAside.lua", [], ["1", "torn", "P", "torn"]);
        await RunAsync("Store/FsckAside.lua", [], ["1", "torn", "P4", "torn"]);
    }

    /// <summary>Two schedules, of which one goes on, one ends and both have made a job; then what fsck finds.</summary>
    private async Task RecurAsync()
    {
        byte[] first = [0, 1, 2, 3, 255, 13, 10, 0], second = [.. first.Reverse()], third = [.. Nonce];
        await ExpectAsync("Schedules/WriteSchedules.lua", "1 1 0 0", [],
            ["default/a", "", Schedule(first, Now), "default/b", "", Schedule(first, Now + 1), "default/c", second, Schedule(first, 5), "default/a", "", ""]);
        await RunAsync("Schedules/ListSchedules.lua", [], ["default/", "default/", 1]);
        await RunAsync("Schedules/ListSchedules.lua", [], ["default/", "default/a", 9]);
        await RunAsync("Schedules/ReadSchedules.lua", [], ["default/a", "default/c"]);
        await RunAsync("Schedules/DueSchedules.lua", [], [0, 20]);
        await RunAsync("Schedules/DueSchedules.lua", [], [1, 20]);
        await RunAsync("Reaping/LookAhead.lua", [], []);
        await ExpectAsync("Schedules/FireSchedules.lua", "1 2 0 0", [Queue],
            [.. Firing("a", first, second, Now + 9), .. Firing("b", first, second, 0, makesJob: false), .. Firing("c", first, second, 1), .. Firing("a", first, second, 1)]);
        await RunAsync("Schedules/DueSchedules.lua", [], [0, 20]);
        await ExpectAsync("Schedules/FireSchedules.lua", "2 1", [Queue],
            [.. Firing("a", second, third, Now + 99, overlap: "skip"), .. Firing("b", second, third, 253_402_300_799_999)]);
        await ExpectAsync("Schedules/WriteSchedules.lua", "1 0", [], ["default/b", third, "", "default/a", second, ""]);
        var database = await Api.Service<StoreConnection>().DatabaseAsync();
        var keys = Api.Service<Partitions>().First;
        await database.SortedSetAddAsync(keys.Schedules[2], [new("default/a", 7), new("default/b", 8)]);
        await database.StringSetAsync(keys.LastId, Id(1, "")[..9]);
        await RunAsync("Store/FsckSchedules.lua", [], ["", first, "default/a", "default/b"]);
        await database.KeyDeleteAsync(keys.Jobs);
        await RunAsync("Store/FsckSchedules.lua", [], ["1", first, "default/a", "default/b"]);
        await RunAsync("Store/FsckSchedules.lua", [], ["", first, "default/a", "default/b"]);
        await database.SortedSetAddAsync(keys.Schedules[2], [new("default/a", 7), new("default/b", 8)]);
        await RunAsync("Schedules/DueSchedules.lua", [], [0, 20]);
    }

    /// <summary>All that has happened is in the log, which begins at the first instant.</summary>
    private async Task EventsAsync()
    {
        await ExpectAsync("Events/ReadEvents.lua", "0", [], ["", 10]);
        await ExpectAsync("Events/ReadEvents.lua", "1", [], [0, 1_000]);
        await ExpectAsync("Events/ReadEvents.lua", "0", [], [Start, 1_000]);
        await ExpectAsync("Events/ReadEvents.lua", "0", [], [Start + 10, 2]);
        await ExpectAsync("Events/ReadEvents.lua", "1", [], [Start + 100_000, 2]);
    }
}
