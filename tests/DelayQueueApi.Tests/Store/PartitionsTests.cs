using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace DelayQueueApi.Tests.Store;

/// <summary>What is otherwise, or must not be, where jobs are spread over partitions.</summary>
public sealed class PartitionsTests(PartitionedApi api, RedisEngine engine) : IClassFixture<PartitionedApi>
{
    private const int Partitions = PartitionedApi.Partitions;

    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Jobs_are_spread_evenly_and_each_is_found_by_its_id()
    {
        var jobs = new List<string>();
        for (var i = 0; i < 2 * Partitions; i++)
        {
            jobs.Add((await api.ScheduleAsync(queue)).Id);
        }

        Assert.Equal([2, 2, 2], jobs.GroupBy(PartitionOf).Select(part => part.Count()));
        foreach (var job in jobs)
        {
            Assert.Equal(job, (await api.JobAsync(job)).Id);
        }
    }

    [Fact]
    public async Task A_claim_gathers_jobs_from_all_partitions_up_to_its_limit()
    {
        await SpreadAsync(3 * Partitions);

        var claimed = await api.ClaimAsync(queue, "\"limit\":7");

        Assert.Equal(7, claimed.Select(job => job.Id).Distinct().Count());
        Assert.Equal(Partitions, claimed.Select(job => PartitionOf(job.Id)).Distinct().Count());
        Assert.Equal(2, (await api.ClaimAsync(queue, "\"limit\":100")).Count);
        Assert.Empty(await api.ClaimAsync(queue));
    }

    [Fact]
    public async Task A_repeated_claim_gets_what_it_was_given_whatever_else_has_come()
    {
        for (var number = 0; number < 10; number++)
        {
            var claim = $"\"limit\":2,\"claimId\":\"{queue}-{number}\"";
            await api.ScheduleAsync(queue);
            var given = await api.ClaimAsync(queue, claim);
            await SpreadAsync(Partitions);

            Assert.Equal(given.Select(job => job.Lease.Token), (await api.ClaimAsync(queue, claim)).Select(job => job.Lease.Token));
            await api.ClaimAsync(queue, "\"limit\":100");
        }
    }

    /// <summary>Whether it may have leased something must not depend on which partition has failed last.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Partitions - 1)]
    public async Task A_claim_that_fails_everywhere_is_unknown_where_it_is_unknown_of_one_partition(int number)
    {
        var visited = 0;
        api.StoreTime.BeforeScript = () => throw new StoreException(visited++ == number ? Applied.Unknown : Applied.No, "Away.");
        var answer = await api.PostAsync("/jobs/claim", $$"""{"queues":["{{queue}}"]}""");
        api.StoreTime.BeforeScript = null;

        Assert.Equal((HttpStatusCode.ServiceUnavailable, Partitions), (answer.StatusCode, visited));
        Assert.Contains("\"applied\":\"unknown\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claims_under_one_id_at_the_same_time_get_the_same_jobs()
    {
        await SpreadAsync(3 * Partitions);

        var claims = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => api.ClaimAsync(queue, $"\"limit\":2,\"claimId\":\"{queue}\"")));

        Assert.All(claims, claim => Assert.Equal(claims[0].Select(job => job.Lease.Token), claim.Select(job => job.Lease.Token)));
    }

    [Fact]
    public async Task All_that_is_due_reaches_claims_that_wait()
    {
        var waiting = await api.WaitAsync(Enumerable.Repeat(queue, 2 * Partitions));

        await api.BatchAsync(queue, 1);
        await SpreadAsync((2 * Partitions) - 1);

        var claimed = await Task.WhenAll(waiting);
        Assert.Equal(2 * Partitions, claimed.Select(jobs => Assert.Single(jobs).Id).Distinct().Count());
    }

    [Fact]
    public async Task Items_of_a_batch_lie_in_one_partition_but_those_with_keys_where_their_keys_meet()
    {
        var plain = (await api.BatchAsync(queue, 20)).Select(result => result.Job!.Id).ToArray();
        var unique = (await api.BatchAsync(queue, 20, i => $",\"unique\":{{\"key\":\"{i}\"}}")).Select(result => result.Job!.Id).ToArray();

        Assert.Single(plain.Select(PartitionOf).Distinct());
        Assert.Equal(Partitions, unique.Select(PartitionOf).Distinct().Count());
        Assert.Equal(unique, (await api.BatchAsync(queue, 20, i => $",\"unique\":{{\"key\":\"{i}\"}}")).Select(result => result.JobId));
    }

    [Fact]
    public async Task A_list_goes_through_all_partitions_page_by_page()
    {
        var jobs = await SpreadAsync(4 * Partitions);

        var (listed, cursor) = (new List<string>(), "");
        do
        {
            var page = await api.ListAsync(queue, "ready", $"&limit=2{cursor}");
            listed.AddRange(page.Jobs.Select(job => job.Id));
            cursor = page.Next is null ? "" : $"&cursor={page.Next}";
        }
        while (cursor.Length > 0);

        Assert.Equal(jobs.Order(), listed);
    }

    [Fact]
    public async Task A_queue_is_counted_and_emptied_over_all_partitions()
    {
        await SpreadAsync(4 * Partitions);
        var claimed = await api.ClaimAsync(queue, $"\"limit\":{2 * Partitions}");
        foreach (var job in claimed)
        {
            await api.SettleAsync(job, "nack", "\"dead\":true");
        }

        var counts = await api.QueueAsync(queue);
        Assert.Equal((2 * Partitions, 2 * Partitions, 4 * Partitions), (counts.Ready, counts.Dead, counts.Totals.Created));
        Assert.Contains(await ListQueuesAsync(), listed => listed.Queue == queue && listed.Dead == 2 * Partitions);
        Assert.Equal(2, await api.RedriveAsync(queue, "{\"limit\":2}"));
        Assert.Equal((2 * Partitions) - 2, await api.PurgeAsync(queue, "dead"));
        await Api.AssertProblemAsync(await api.DeleteAsync($"/queues/{queue}"), HttpStatusCode.Conflict, "queue-not-empty");
        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync($"/queues/{queue}?force=true")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/queues/{queue}")).StatusCode);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Settings_hold_in_all_partitions_and_bounds_are_shared_out()
    {
        await api.SetQueueAsync(queue, "\"maxLength\":4,\"maxRetained\":10,\"paused\":true");
        var made = new List<HttpStatusCode>();
        for (var i = 0; i < 2 * Partitions; i++)
        {
            made.Add((await api.PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1}""")).StatusCode);
        }

        Assert.Equal(4, made.Count(status => status == HttpStatusCode.Created));
        Assert.Empty(await api.ClaimAsync(queue, "\"limit\":10"));
        var settings = (await api.QueueAsync(queue)).Settings;
        Assert.Equal((4, 10), (settings.MaxLength, settings.MaxRetained));
    }

    [Fact]
    public async Task A_redrive_at_a_rate_shares_it_out()
    {
        await SpreadAsync(4 * Partitions);
        foreach (var job in await api.ClaimAsync(queue, "\"limit\":100"))
        {
            await api.SettleAsync(job, "nack", "\"dead\":true");
        }

        var run = new Queues.RedriveRun(api, queue);
        await Api.AssertInvalidAsync(await api.PostAsync($"/queues/{queue}/redrive", "{\"ratePerSecond\":6,\"limit\":1}"), "limit");
        await run.StartAsync($"\"ratePerSecond\":{2 * Partitions}");
        await Api.AssertProblemAsync(await api.PostAsync($"/queues/{queue}/redrive", "{\"ratePerSecond\":6}"), HttpStatusCode.Conflict, "redrive-running");
        await run.RunAsync();

        var task = await run.TaskAsync();
        Assert.Equal((RedriveState.Done, 2 * Partitions, 4 * Partitions, 4 * Partitions), (task.State, task.RatePerSecond, task.Matched, task.Redriven));
        Assert.NotNull(task.FinishedAt);
    }

    [Fact]
    public async Task What_is_made_in_one_step_with_something_else_can_have_no_key()
    {
        var job = await api.LeasedAsync(queue);
        await Api.AssertInvalidAsync(await api.SettleAsync(job, "ack", "\"then\":[{\"payload\":1,\"idempotencyKey\":\"k\"}]"), "then[0].idempotencyKey");
        await Api.AssertInvalidAsync(await api.SettleAsync(job, "ack", "\"then\":[{\"payload\":1,\"unique\":{\"key\":\"k\"}}]"), "then[0].unique");
        await Api.AssertInvalidAsync(await api.PutAsync($"/schedules/{queue}", "{\"cron\":\"@daily\",\"job\":{\"payload\":1,\"unique\":{\"key\":\"k\"}}}"), "job.unique");

        var then = await api.SettleAsync(job, "ack", "\"then\":[{\"payload\":1}]");
        var next = (await Api.ReadAsync(then, WireJson.Default.AckJobResponse)).Then[0];
        Assert.Equal(PartitionOf(job.Id), PartitionOf(next));
    }

    [Theory]
    [InlineData("9-01M83VNRT5000009VMC8KNA3D9")]
    [InlineData("64-01M83VNRT5000009VMC8KNA3D9")]
    [InlineData("00-01M83VNRT5000009VMC8KNA3D9")]
    [InlineData("-1-01M83VNRT5000009VMC8KNA3D9")]
    public async Task An_id_of_a_partition_that_is_not_there_is_that_of_no_job(string id) =>
        await Api.AssertProblemAsync(await api.GetAsync($"/jobs/{id}"), HttpStatusCode.NotFound, "job-not-found");

    [Fact]
    public async Task A_cursor_of_a_partition_that_is_not_there_is_refused()
    {
        await SpreadAsync(2 * Partitions);
        await using var many = new ApiOf(engine, 5);
        await many.InitializeAsync();
        await many.BatchAsync(queue, 2);
        for (var i = 0; i < 10; i++)
        {
            await many.ScheduleAsync(queue);
        }

        var cursor = "";
        for (var page = await many.ListAsync(queue, "ready", "&limit=2"); page.Next is not null; page = await many.ListAsync(queue, "ready", $"&limit=2&cursor={page.Next}"))
        {
            cursor = page.Next;
        }

        await Api.AssertInvalidAsync(await api.GetAsync($"/jobs?queue={queue}&state=ready&cursor={cursor}"), "cursor");
    }

    [Fact]
    public async Task More_partitions_take_over_what_holds_for_queues_and_fewer_are_refused()
    {
        await using var one = new ApiOf(engine, 1);
        await one.InitializeAsync();
        var job = await one.ScheduleAsync(queue);
        await one.SetQueueAsync(queue, "\"maxLength\":4,\"leaseMs\":5000,\"paused\":true");

        await using var three = new ApiOf(engine, 3, one.Prefix);
        await three.InitializeAsync();

        Assert.Equal(job.Id, (await three.JobAsync(job.Id)).Id);
        var found = await three.QueueAsync(queue);
        Assert.Equal((true, 4, 5000), (found.Paused, found.Settings.MaxLength, found.Settings.LeaseMs));
        await three.ScheduleAsync(queue);
        await three.ScheduleAsync(queue);
        Assert.Empty(await three.ClaimAsync(queue, "\"limit\":10"));
        await using var fewer = new ApiOf(engine, 2, one.Prefix);
        var refusal = await Assert.ThrowsAnyAsync<InvalidOperationException>(async () => await fewer.InitializeAsync());
        Assert.Contains("Store:Partitions is 2", refusal.Message, StringComparison.Ordinal);
    }

    private async Task<string[]> SpreadAsync(int count)
    {
        var ids = new string[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = (await api.ScheduleAsync(queue)).Id;
        }

        return ids;
    }

    private async Task<IReadOnlyList<GetQueue.Response>> ListQueuesAsync() =>
        (await Api.ReadAsync(await api.GetAsync("/queues?limit=1000"), WireJson.Default.ListQueuesResponse)).Queues;

    private static string PartitionOf(string id) => id[..id.IndexOf('-', StringComparison.Ordinal)];

    /// <summary>So many partitions on the keys of another host, or on its own.</summary>
    private sealed class ApiOf(RedisEngine engine, int partitions, string? prefix = null) : Api(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => prefix is null
            ? new Dictionary<string, string> { ["Store:Partitions"] = $"{partitions}" }
            : new Dictionary<string, string> { ["Store:Partitions"] = $"{partitions}", ["Store:KeyPrefix"] = prefix };
    }
}
