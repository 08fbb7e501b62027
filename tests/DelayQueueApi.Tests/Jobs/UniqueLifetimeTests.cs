using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>How long a job holds its unique key.</summary>
public abstract class UniqueLifetimeTests(Api api) : UniqueKeys(api)
{
    [Theory]
    [InlineData("acked")]
    [InlineData("acked and kept")]
    [InlineData("cancelled")]
    [InlineData("cancelled while leased, then released")]
    [InlineData("cancelled while leased, then the lease ends")]
    [InlineData("cancelled while leased, then the lease ends and is reaped")]
    [InlineData("dead")]
    [InlineData("declared dead")]
    [InlineData("expired")]
    [InlineData("expired and reaped")]
    [InlineData("expired and kept")]
    [InlineData("purged")]
    [InlineData("queue deleted")]
    [InlineData("the last lease ends")]
    [InlineData("the last lease ends and is reaped")]
    public async Task The_key_is_free_once_its_job_is(string how)
    {
        var kept = how.Contains("kept", StringComparison.Ordinal) ? ",\"retentionMs\":60000" : "";
        var attempts = how.StartsWith("the last", StringComparison.Ordinal) || how == "dead" ? ",\"maxAttempts\":1" : "";
        var ttl = how.StartsWith("expired", StringComparison.Ordinal) ? ",\"ttlMs\":1000" : "";
        var first = await api.ScheduleAsync(queue, Key + kept + attempts + ttl);
        var claimed = how is "cancelled" or "purged" or "queue deleted" || ttl.Length > 0 ? null : await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        await AssertHeldAsync(first.Id);

        switch (how.Split(' ')[0])
        {
            case "acked":
                await api.SettleAsync(claimed!, "ack");
                break;
            case "cancelled":
                await api.CancelAsync(first.Id);
                break;
            case "dead":
                await api.SettleAsync(claimed!, "nack");
                break;
            case "declared":
                await api.SettleAsync(claimed!, "nack", "\"dead\":true");
                break;
            case "purged":
                await api.PurgeAsync(queue, "ready");
                break;
            case "queue":
                await api.Client.DeleteAsync(new Uri($"/queues/{queue}?force=true", UriKind.Relative));
                break;
        }

        if (how.StartsWith("cancelled while", StringComparison.Ordinal))
        {
            await AssertHeldAsync(first.Id);
        }

        if (how.EndsWith("released", StringComparison.Ordinal))
        {
            await api.SettleAsync(claimed!, "release");
        }
        else if (how.Contains("ends", StringComparison.Ordinal) || ttl.Length > 0)
        {
            api.Advance(1000);
        }

        if (how.Contains("reaped", StringComparison.Ordinal) || kept.Length > 0)
        {
            await api.ReapAsync();
        }

        var second = await api.ScheduleAsync(queue, Reject);

        Assert.NotEqual(first.Id, second.Id);
        await AssertHeldAsync(second.Id);
        Assert.Equal([second.Id], (await api.ClaimAsync(queue, "\"limit\":9")).Select(job => job.Id));
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("nack", "\"delayMs\":0")]
    [InlineData("nack", "\"delayMs\":5000")]
    [InlineData("release")]
    [InlineData("extend", "\"leaseMs\":5000")]
    [InlineData(null)]
    public async Task The_key_stays_with_a_job_that_has_attempts_left(string? call, string fields = "")
    {
        var first = await api.ScheduleAsync(queue, Key);
        var claimed = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");

        if (call is not null)
        {
            await api.SettleAsync(claimed, call, fields);
        }
        else
        {
            api.Advance(1000);
        }

        await AssertHeldAsync(first.Id);
        await api.ReapAsync();
        await AssertHeldAsync(first.Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_key_until_started_is_free_from_the_first_claim_on()
    {
        var first = await api.ScheduleAsync(queue, Started);
        Assert.Equal(UniqueUntil.Started, (await api.JobAsync(first.Id)).Unique!.Until);
        await AssertHeldAsync(first.Id);
        var claimed = await api.ClaimOneAsync(queue);

        var second = await api.ScheduleAsync(queue, Started);
        await api.SettleAsync(claimed, "release");

        await AssertHeldAsync(second.Id);
        await api.AssertSoundAsync();
        Assert.Equal(2, (await api.ClaimAsync(queue, "\"limit\":9")).Count);
        await api.ScheduleAsync(queue, Started);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_key_until_started_is_held_by_one_job_that_replaces_another()
    {
        await api.ScheduleAsync(queue, Started);

        var second = await api.ScheduleAsync(queue, Replace);

        await api.ClaimOneAsync(queue);
        await AssertHeldAsync(second.Id);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_change_keeps_the_key()
    {
        var job = await api.ScheduleAsync(queue, Key + ",\"ttlMs\":60000");

        var changed = await Api.ReadAsync(
            await api.PatchAsync(job.Id, "{\"payload\":2,\"ttlMs\":9000,\"retentionMs\":1,\"metadata\":{\"a\":\"b\"},\"delayMs\":5}"), WireJson.Default.Job);

        Assert.Equal(new JobUnique("k", UniqueUntil.Finished), changed.Unique);
        await AssertHeldAsync(job.Id);
        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : UniqueLifetimeTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : UniqueLifetimeTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : UniqueLifetimeTests(api), IClassFixture<PartitionedApi>;
}
