using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class JobHistoryTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Each_attempt_is_told_with_its_worker_its_times_and_how_it_ended()
    {
        var job = await api.ScheduleAsync(queue, "\"retentionMs\":60000,\"delayMs\":10");
        Assert.Null((await api.JobAsync(job.Id)).Attempts);
        api.Advance(10);
        var start = api.Clock.GetUtcNow();

        var first = await api.ClaimOneAsync(queue, "\"worker\":\"w1\"");
        Assert.Null((await api.JobAsync(job.Id)).Attempts);
        api.Advance(1);
        await api.SettleAsync(first, "nack", "\"error\":\"what\",\"errorType\":\"Boom\",\"delayMs\":0");
        api.Advance(1);
        await api.ClaimOneAsync(queue, "\"worker\":\"wörker 2\",\"leaseMs\":1000");
        api.Advance(1500);
        await api.ReapAsync();
        var third = await api.ClaimOneAsync(queue);
        api.Advance(3);
        await api.SettleAsync(third, "release");
        var fourth = await api.ClaimOneAsync(queue, "\"worker\":\"w4\"");
        api.Advance(4);
        await api.SettleAsync(fourth, "ack");

        Assert.Equal(
            [
                new(1, AttemptOutcome.Nacked, start, At(1), "w1", new JobError("what", "Boom")),
                new(2, AttemptOutcome.Expired, At(2), At(1002), "wörker 2"),
                new(3, AttemptOutcome.Released, At(1502), At(1505)),
                new(3, AttemptOutcome.Acked, At(1505), At(1509), "w4"),
            ],
            (await api.JobAsync(job.Id)).Attempts!);

        DateTimeOffset At(int ms) => start.AddMilliseconds(ms);
    }

    [Theory]
    [InlineData("Ty", "ü", 2000, 510)]
    [InlineData("Typ", "ü", 2000, 510)]
    [InlineData("", "ü", 2000, 511)]
    [InlineData("", "\U0001F600", 600, 255)]
    [InlineData("T", "\U0001F600", 600, 255)]
    [InlineData("", "€", 1000, 341)]
    [InlineData("", "x", 1023, 1023)]
    [InlineData("", "x", 1024, 1023)]
    [InlineData("", "x", 8192, 1023)]
    public async Task An_attempt_keeps_the_beginning_of_its_error_and_the_job_all_of_the_last_one(string type, string character, int length, int kept)
    {
        var error = string.Concat(Enumerable.Repeat(character, length));
        await api.ScheduleAsync(queue);
        var claimed = await api.ClaimOneAsync(queue, $"\"worker\":\"{new string('w', 128)}\"");

        await api.SettleAsync(claimed, "nack", $"\"error\":\"{error}\",\"errorType\":\"{type}\"");

        var job = await api.JobAsync(claimed.Id);
        var attempt = Assert.Single(job.Attempts!);
        Assert.Equal(string.Concat(Enumerable.Repeat(character, kept)), attempt.Error!.Message);
        Assert.Equal((type.Length > 0 ? type : null, new string('w', 128)), (attempt.Error.Type, attempt.Worker));
        Assert.Equal(new JobError(error, type.Length > 0 ? type : null), job.LastError);
    }

    [Fact]
    public async Task The_last_ten_attempts_are_kept_in_order_each_with_its_own_error()
    {
        var job = await api.ScheduleAsync(queue);
        for (var i = 1; i <= 23; i++)
        {
            var claimed = await api.ClaimOneAsync(queue, $"\"worker\":\"{new string('w', i * 5)}\"");
            api.Advance(1);
            await api.SettleAsync(claimed, i % 4 == 0 ? "release" : "nack", i % 4 == 0 ? "" : $"\"error\":\"{new string('e', i * 100)}\",\"delayMs\":0");
        }

        var shown = await api.JobAsync(job.Id);

        Assert.Equal(Enumerable.Range(14, 10).Select(i => i * 5), shown.Attempts!.Select(attempt => attempt.Worker!.Length));
        Assert.Equal([1023, 1023, 0, 1023, 1023, 1023, 0, 1023, 1023, 1023], shown.Attempts!.Select(attempt => attempt.Error?.Message?.Length ?? 0));
        Assert.Equal(shown.Attempts!.OrderBy(attempt => attempt.EndedAt), shown.Attempts!);
        Assert.Equal((2300, 18), (shown.LastError!.Message!.Length, shown.Failures!.Nacked));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_nack_that_says_nothing_leaves_an_attempt_without_error()
    {
        await api.ScheduleAsync(queue);
        var claimed = await api.ClaimOneAsync(queue);

        await api.SettleAsync(claimed, "nack");

        var job = await api.JobAsync(claimed.Id);
        Assert.Equal([new JobAttempt(1, AttemptOutcome.Nacked, api.Clock.GetUtcNow(), api.Clock.GetUtcNow())], job.Attempts!);
        Assert.Null(job.LastError);
    }

    [Fact]
    public async Task An_attempt_that_ended_without_a_word_leaves_the_last_error_as_it_was()
    {
        await api.ScheduleAsync(queue);
        await api.SettleAsync(await api.ClaimOneAsync(queue), "nack", "\"error\":\"what\",\"delayMs\":0");
        var claimed = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);
        await api.ReapAsync();

        Assert.Equal(new JobError("what"), (await api.JobAsync(claimed.Id)).LastError);
    }

    [Fact]
    public async Task A_dead_job_and_a_redriven_one_keep_their_history()
    {
        await api.ScheduleAsync(queue, "\"maxAttempts\":2,\"retentionMs\":60000");
        await api.SettleAsync(await api.ClaimOneAsync(queue, "\"worker\":\"a\""), "nack", "\"error\":\"one\",\"errorType\":\"Boom\",\"delayMs\":0");
        var claimed = await api.ClaimOneAsync(queue, "\"worker\":\"b\",\"leaseMs\":1000");
        api.Advance(5000);
        await api.ReapAsync();
        Assert.Equal([1, 2], (await api.JobAsync(claimed.Id)).Attempts!.Select(attempt => attempt.Attempt));

        Assert.Equal(1, await api.RedriveAsync(queue, "{\"errorType\":\"Boom\"}"));
        await api.SettleAsync(await api.ClaimOneAsync(queue, "\"worker\":\"c\""), "ack");

        var job = await api.JobAsync(claimed.Id);
        Assert.Equal(
            [(1, AttemptOutcome.Nacked, "a"), (2, AttemptOutcome.Expired, "b"), (1, AttemptOutcome.Acked, "c")],
            job.Attempts!.Select(attempt => (attempt.Attempt, attempt.Outcome, attempt.Worker!)));
        Assert.Equal(new JobError("one", "Boom"), job.LastError);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task No_attempt_starts_after_it_has_ended_however_fast_fences_rise()
    {
        await api.ScheduleAsync(queue);
        ClaimJobs.ClaimedJob claimed = null!;
        for (var i = 0; i < 5; i++)
        {
            claimed = await api.ClaimOneAsync(queue);
            await api.SettleAsync(claimed, "nack", "\"delayMs\":0");
        }

        Assert.All((await api.JobAsync(claimed.Id)).Attempts!, attempt => Assert.Equal((api.Clock.GetUtcNow(), api.Clock.GetUtcNow()), (attempt.StartedAt, attempt.EndedAt)));
    }

    [Fact]
    public async Task A_change_and_a_claim_leave_the_history()
    {
        await api.ScheduleAsync(queue);
        var claimed = await api.ClaimOneAsync(queue);
        await api.SettleAsync(claimed, "nack", "\"error\":\"what\"");

        await api.PatchAsync(claimed.Id, "{\"delayMs\":0,\"payload\":{\"new\":true},\"metadata\":{\"a\":\"b\"}}");
        await api.ClaimOneAsync(queue);

        var job = await api.JobAsync(claimed.Id);
        Assert.Equal((JobState.Leased, new JobError("what")), (job.State, Assert.Single(job.Attempts!).Error));
    }

    public sealed class OnEmbedded(EmbeddedApi api) : JobHistoryTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : JobHistoryTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : JobHistoryTests(api), IClassFixture<PartitionedApi>;
}
