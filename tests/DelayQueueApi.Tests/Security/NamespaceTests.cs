using System.Net;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>What one namespace calls by a name has nothing to do with what another one calls so.</summary>
public abstract class NamespaceTests(KeyedApi api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Queues_of_one_name_are_two()
    {
        await api.ScheduleAsync(TestKeys.All, queue);
        await api.ScheduleAsync(TestKeys.All, queue);
        await api.ScheduleAsync(TestKeys.Acme, queue);
        await api.AskAsync(TestKeys.Acme, "POST", $"/queues/{queue}/pause");

        var theirs = await api.AskAsync(TestKeys.Acme, "GET", $"/queues/{queue}");
        var ours = await api.AskAsync(TestKeys.All, "GET", $"/queues/{queue}");

        Assert.Equal((1, true), ((int)theirs["ready"]!, (bool)theirs["paused"]!));
        Assert.Equal((2, false), ((int)ours["ready"]!, (bool)ours["paused"]!));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Jobs_are_claimed_and_settled_where_they_are()
    {
        var ours = await api.LeasedAsync(TestKeys.All, queue);
        var theirs = await api.LeasedAsync(TestKeys.Acme, queue);

        Assert.NotEqual(ours.Id, theirs.Id);
        await api.AskAsync(TestKeys.Acme, "POST", $"/jobs/{theirs.Id}/extend", $$"""{"leaseToken":"{{theirs.Token}}","leaseMs":60000}""");
        await api.AskAsync(TestKeys.Acme, "POST", $"/jobs/{theirs.Id}/ack", $$"""{"leaseToken":"{{theirs.Token}}","then":[{"queue":"{{queue}}-next","payload":1}]}""");
        await api.AskAsync(TestKeys.Acme, "POST", $"/jobs/{theirs.Id}/ack", $$"""{"leaseToken":"{{theirs.Token}}","then":[{"queue":"{{queue}}-next","payload":1}]}""");

        Assert.Equal(1, (int)(await api.AskAsync(TestKeys.Acme, "GET", $"/queues/{queue}-next"))["ready"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(TestKeys.All, "GET", $"/queues/{queue}-next")).StatusCode);
        Assert.Equal("leased", (string)(await api.AskAsync(TestKeys.All, "GET", $"/jobs/{ours.Id}"))["state"]!);
    }

    [Fact]
    public async Task A_settled_job_is_remembered_for_its_own_namespace_only()
    {
        var (id, token) = await api.LeasedAsync(TestKeys.All, queue);
        await api.AskAsync(TestKeys.All, "POST", $"/jobs/{id}/ack", $$"""{"leaseToken":"{{token}}"}""");

        var theirs = await api.SendAsync(TestKeys.Acme, "POST", $"/jobs/{id}/ack", $$"""{"leaseToken":"{{token}}"}""");
        var ours = await api.SendAsync(TestKeys.All, "POST", $"/jobs/{id}/ack", $$"""{"leaseToken":"{{token}}"}""");

        await Api.AssertProblemAsync(theirs, HttpStatusCode.NotFound, "job-not-found");
        Assert.Equal(HttpStatusCode.NoContent, ours.StatusCode);
    }

    [Fact]
    public async Task An_idempotency_key_of_one_is_free_in_the_other()
    {
        var body = $$"""{"queue":"{{queue}}","payload":1}""";
        var ours = await api.AskAsync(TestKeys.All, "POST", "/jobs", body, ("Idempotency-Key", queue));

        var theirs = await api.AskAsync(TestKeys.Acme, "POST", "/jobs", body.Replace(":1", ":2", StringComparison.Ordinal), ("Idempotency-Key", queue));
        var again = await api.AskAsync(TestKeys.All, "POST", "/jobs", body, ("Idempotency-Key", queue));

        Assert.NotEqual((string)ours["id"]!, (string)theirs["id"]!);
        Assert.Equal((string)ours["id"]!, (string)again["id"]!);
    }

    [Fact]
    public async Task A_unique_key_of_one_is_free_in_the_other()
    {
        var ours = await api.ScheduleAsync(TestKeys.All, queue, ",\"unique\":{\"key\":\"k\"}");

        var theirs = await api.ScheduleAsync(TestKeys.Acme, queue, ",\"unique\":{\"key\":\"k\"}");
        var again = await api.ScheduleAsync(TestKeys.All, queue, ",\"unique\":{\"key\":\"k\"}");

        Assert.NotEqual(ours, theirs);
        Assert.Equal(ours, again);
    }

    [Fact]
    public async Task A_claim_id_of_one_means_nothing_in_the_other()
    {
        await api.ScheduleAsync(TestKeys.All, queue);
        var claim = $$"""{"queues":["{{queue}}"],"claimId":"{{queue}}"}""";
        await api.AskAsync(TestKeys.All, "POST", "/jobs/claim", claim);

        Assert.Empty((await api.AskAsync(TestKeys.Acme, "POST", "/jobs/claim", claim))["jobs"]!.AsArray());
    }

    [Fact]
    public async Task Schedules_of_one_name_are_two_and_fire_where_they_are()
    {
        foreach (var (key, ms) in new[] { (TestKeys.All, 1_000_000), (TestKeys.Acme, 2_000_000) })
        {
            await api.AskAsync(key, "PUT", $"/schedules/{queue}", $$"""{"intervalMs":{{ms}},"job":{"queue":"{{queue}}","payload":1} }""");
        }

        api.Advance(1_000_000);
        await api.FireAsync();
        var afterOurs = (await ReadyAsync(TestKeys.All), await ReadyAsync(TestKeys.Acme));
        api.Advance(1_000_000);
        await api.FireAsync();

        Assert.Equal((1, 0), afterOurs);
        Assert.Equal((2, 1), (await ReadyAsync(TestKeys.All), await ReadyAsync(TestKeys.Acme)));
        Assert.Single((await api.AskAsync(TestKeys.Acme, "GET", "/schedules"))["schedules"]!.AsArray(), item => (string)item!["name"]! == queue);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_waiting_claim_wakes_for_its_own_namespace()
    {
        var claim = $$"""{"queues":["{{queue}}"],"waitMs":60000}""";
        var before = api.Waiting;
        var theirs = api.AskAsync(TestKeys.Acme, "POST", "/jobs/claim", claim);
        await Api.UntilAsync(() => api.Waiting > before);

        await api.ScheduleAsync(TestKeys.All, queue);
        var id = await api.ScheduleAsync(TestKeys.Acme, queue);

        Assert.Equal(id, (string)Assert.Single((await theirs)["jobs"]!.AsArray())!["id"]!);
    }

    [Fact]
    public async Task Lists_are_of_one_namespace()
    {
        await api.ScheduleAsync(TestKeys.All, $"{queue}-ours");
        await api.ScheduleAsync(TestKeys.Acme, $"{queue}-theirs");

        var theirs = (await api.AskAsync(TestKeys.Acme, "GET", "/queues?limit=1000"))["queues"]!.AsArray().Select(item => (string)item!["queue"]!).ToArray();
        var ours = (await api.AskAsync(TestKeys.All, "GET", "/queues?limit=1000"))["queues"]!.AsArray().Select(item => (string)item!["queue"]!).ToArray();

        Assert.Contains($"{queue}-theirs", theirs);
        Assert.DoesNotContain($"{queue}-ours", theirs);
        Assert.Contains($"{queue}-ours", ours);
        Assert.DoesNotContain($"{queue}-theirs", ours);
    }

    [Fact]
    public async Task Settings_of_all_are_found_for_partitions_that_are_new()
    {
        await api.AskAsync(TestKeys.Acme, "PUT", $"/queues/{queue}", "{\"leaseMs\":5000}");
        await api.AskAsync(TestKeys.All, "PUT", $"/queues/{queue}", "{\"leaseMs\":6000}");

        var all = new List<string>();
        QueueName? last = null;
        do
        {
            (var page, last) = await api.Service<QueueStore>().ListAllAsync(last, 1, TestContext.Current.CancellationToken);
            all.AddRange(page.Where(found => found.Queue.Text == queue).Select(found => $"{found.Queue.Stored} {found.Settings.LeaseMs}"));
        }
        while (last is not null);

        Assert.Equal([$"acme/{queue} 5000", $"default/{queue} 6000"], all);
    }

    private async Task<int> ReadyAsync(TestKey key)
    {
        var answer = await api.SendAsync(key, "GET", $"/queues/{queue}");
        return answer.StatusCode == HttpStatusCode.NotFound ? 0 : (int)(await api.AskAsync(key, "GET", $"/queues/{queue}"))["ready"]!;
    }

    public sealed class OnEmbedded(KeyedEmbeddedApi api) : NamespaceTests(api), IClassFixture<KeyedEmbeddedApi>;

    public sealed class OnRedis(KeyedRedisApi api) : NamespaceTests(api), IClassFixture<KeyedRedisApi>;

    public sealed class OnPartitions(KeyedPartitionedApi api) : NamespaceTests(api), IClassFixture<KeyedPartitionedApi>;
}
