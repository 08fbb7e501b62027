using System.Net;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Queues;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Leases;

public abstract class ClaimJobsTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Higher_priority_goes_first_then_earlier_run_at_then_earlier_enqueue()
    {
        var late = await api.ScheduleAsync(queue, "\"delayMs\":20");
        var early = await api.ScheduleAsync(queue, "\"delayMs\":10");
        var tie = await api.ScheduleAsync(queue, "\"delayMs\":10");
        var low = await api.ScheduleAsync(queue, "\"priority\":0");
        var high = await api.ScheduleAsync(queue, "\"priority\":9,\"delayMs\":30");
        api.Advance(30);

        var claimed = await api.ClaimAsync(queue, "\"limit\":10");

        Assert.Equal([high.Id, early.Id, tie.Id, late.Id, low.Id], claimed.Select(job => job.Id));
        Assert.Equal([0, 20, 20, 10, 30], claimed.Select(job => job.LateMs));
    }

    [Fact]
    public async Task A_late_job_of_high_priority_goes_first_however_many_became_due_before_it()
    {
        for (var i = 0; i < 150; i++)
        {
            await api.ScheduleAsync(queue, "\"delayMs\":5");
        }

        var high = await api.ScheduleAsync(queue, "\"delayMs\":10,\"priority\":5");
        api.Advance(10);

        Assert.Equal(high.Id, (await api.ClaimOneAsync(queue)).Id);
    }

    /// <summary>Run-at as a delay, as an instant, and beside attempts of its own.</summary>
    [Theory]
    [InlineData("\"delayMs\":60000")]
    [InlineData("\"runAt\":\"2100-01-01T00:00:00Z\"")]
    [InlineData("\"delayMs\":60000,\"maxAttempts\":3")]
    public async Task A_job_that_the_index_has_too_early_is_not_given(string fields)
    {
        var job = await api.ScheduleAsync(queue, fields);
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        var pending = api.Service<Partitions>().First.Indexes($"default/{queue}").ElementAt(Limits.DefaultPriority);
        await database.SortedSetAddAsync(pending, Api.StoredId(job.Id), 5);

        Assert.Empty(await api.ClaimAsync(queue));

        Assert.Null(await database.SortedSetScoreAsync(pending, Api.StoredId(job.Id)));
        await api.FsckAsync(repair: true);
        await api.AssertSoundAsync();
    }

    /// <summary>Plain jobs, some with attempts of their own, some with a time to live, entries without a record, and claims of so many.</summary>
    [Theory]
    [InlineData("pppp", 4)]
    [InlineData("aapa", 2)]
    [InlineData("pptpp", 5)]
    [InlineData("ptptp", 2)]
    [InlineData("spp", 3)]
    [InlineData("ppspp", 3)]
    [InlineData("ppstp", 4)]
    [InlineData("tpspa", 5)]
    public async Task Jobs_of_all_kinds_leave_the_index_once_they_are_leased(string kinds, int limit)
    {
        var database = await api.Service<StoreConnection>().DatabaseAsync();
        var indexes = api.Service<Partitions>().First.Indexes($"default/{queue}").ToArray();
        var (pending, leased) = (indexes[Limits.DefaultPriority], indexes[10]);
        var ids = new List<string>();
        for (var i = 0; i < kinds.Length; i++)
        {
            if (kinds[i] == 's')
            {
                await database.SortedSetAddAsync(pending, new byte[JobId.StoredBytes], api.Clock.GetUtcNow().ToUnixTimeMilliseconds() + i);
            }
            else
            {
                ids.Add((await api.ScheduleAsync(queue, $"\"delayMs\":{i}{kinds[i] switch { 'a' => ",\"maxAttempts\":3", 't' => ",\"ttlMs\":60000", _ => "" }}")).Id);
            }
        }

        api.Advance(kinds.Length);

        var claimed = new List<string>();
        while (claimed.Count < ids.Count)
        {
            var jobs = await api.ClaimAsync(queue, $"\"limit\":{limit}");
            Assert.Equal(Math.Min(limit, ids.Count - claimed.Count), jobs.Count);
            claimed.AddRange(jobs.Select(job => job.Id));
        }

        Assert.Equal(ids, claimed);
        Assert.Empty(await api.ClaimAsync(queue));
        Assert.Equal((0, ids.Count), (await database.SortedSetLengthAsync(pending), await database.SortedSetLengthAsync(leased)));
    }

    [Fact]
    public async Task Queues_are_served_in_the_order_given()
    {
        var other = Api.NewQueue();
        var first = await api.ScheduleAsync(queue);
        var second = await api.ScheduleAsync(other, "\"priority\":9");

        var answer = await api.PostAsync("/jobs/claim", $$"""{"queues":["{{queue}}","{{other}}"],"limit":5}""");

        var jobs = (await Api.ReadAsync(answer, WireJson.Default.ClaimJobsResponse)).Jobs;
        Assert.Equal([first.Id, second.Id], jobs.Select(job => job.Id));
    }

    /// <summary>So a call of a hundred in weight stalls others for some milliseconds, and not for a hundred claims of twenty queues each.</summary>
    [Fact]
    public void A_claim_weighs_as_much_as_its_queues_where_the_one_before_names_others()
    {
        Claim one = Of(1, "a"), more = Of(10, "a", "b"), many = Of(1, "a", "b", "c");

        Assert.Equal((1, 10, 3), (one.Weight(null), more.Weight(one), many.Weight(more)));
        Assert.Equal((1, 1), (one.Weight(one), many.Weight(Of(7, "a", "b", "c"))));
        Assert.Equal((3, 3), (many.Weight(Of(1, "a", "c", "b")), many.Weight(Of(1, "a", "b"))));

        static Claim Of(int limit, params string[] queues) => new([.. queues.Select(name => new QueueName(name))], limit, null, null);
    }

    [Fact]
    public async Task A_job_is_leased_to_one_claim_only()
    {
        for (var i = 0; i < 30; i++)
        {
            await api.ScheduleAsync(queue);
        }

        var claims = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => api.ClaimAsync(queue)));

        var ids = claims.SelectMany(jobs => jobs).Select(job => job.Id).ToList();
        Assert.Equal(30, ids.Count);
        Assert.Equal(30, ids.Distinct().Count());
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_claim_takes_no_more_than_its_limit()
    {
        for (var i = 0; i < 25; i++)
        {
            await api.ScheduleAsync(queue);
        }

        Assert.Equal(22, (await api.ClaimAsync(queue, "\"limit\":22")).Count);
        Assert.Equal(3, (await api.ClaimAsync(queue, "\"limit\":100")).Count);
    }

    [Theory]
    [InlineData("", "", 30_000)]
    [InlineData("\"leaseMs\":7000", "", 7000)]
    [InlineData("\"leaseMs\":7000", "\"leaseMs\":2000", 2000)]
    public async Task The_claims_lease_wins_over_the_jobs_and_the_jobs_over_the_default(string job, string claim, int expected)
    {
        await api.ScheduleAsync(queue, job);

        var lease = (await api.ClaimOneAsync(queue, claim)).Lease;

        Assert.Equal(api.Clock.GetUtcNow().AddMilliseconds(expected), lease.ExpiresAt);
    }

    [Fact]
    public async Task A_leased_job_comes_back_when_its_lease_ends_with_a_larger_fence_and_the_next_attempt()
    {
        await api.ScheduleAsync(queue);
        var first = await api.ClaimOneAsync(queue, "\"leaseMs\":1000");

        api.Advance(999);
        Assert.Empty(await api.ClaimAsync(queue));
        api.Advance(1);
        var second = await api.ClaimOneAsync(queue);

        Assert.Equal((first.Id, 1, 2), (second.Id, first.Attempt, second.Attempt));
        Assert.True(second.Lease.Fence > first.Lease.Fence);
        Assert.NotEqual(first.Lease.Token, second.Lease.Token);
        Assert.Equal(1, (await api.JobAsync(first.Id)).Failures!.Expired);
    }

    [Fact]
    public async Task Fences_rise_even_while_the_clock_stands_still()
    {
        await api.ScheduleAsync(queue);
        var fences = new List<long>();
        for (var i = 0; i < 5; i++)
        {
            var job = await api.ClaimOneAsync(queue);
            fences.Add(job.Lease.Fence);
            await api.SettleAsync(job, "release");
        }

        Assert.Equal(fences.Order().Distinct(), fences);
    }

    [Fact]
    public async Task A_job_whose_lease_runs_out_on_its_last_attempt_is_dead()
    {
        var job = await api.ScheduleAsync(queue, "\"maxAttempts\":2");
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);
        await api.ClaimOneAsync(queue, "\"leaseMs\":1000");
        api.Advance(1000);

        Assert.Empty(await api.ClaimAsync(queue));

        var dead = await api.JobAsync(job.Id);
        Assert.Equal((DelayQueueApi.Jobs.JobState.Dead, 2), (dead.State, dead.Attempt));
    }

    [Fact]
    public async Task Large_payloads_come_in_several_claims()
    {
        var payload = $"\"{new string('x', 1024 * 1000)}\"";
        for (var i = 0; i < 12; i++)
        {
            await api.ScheduleAsync(queue, payload: payload);
        }

        var first = await api.ClaimAsync(queue, "\"limit\":100");
        var second = await api.ClaimAsync(queue, "\"limit\":100");

        Assert.Equal(12, first.Count + second.Count);
        Assert.InRange(first.Count, 1, 11);
        Assert.All(first, job => Assert.Equal(payload.Length, job.Payload.Utf8.Length));
    }

    [Fact]
    public async Task The_producers_trace_context_travels_to_the_worker()
    {
        const string traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/jobs")
        {
            Content = Api.Content(Encoding.UTF8.GetBytes($$"""{"queue":"{{queue}}","payload":1}"""), "application/json"),
        };
        request.Headers.Add("traceparent", traceparent);
        await api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(traceparent, (await api.ClaimOneAsync(queue)).Traceparent);
    }

    [Fact]
    public async Task A_queue_that_never_had_a_job_is_empty_not_missing() => Assert.Empty(await api.ClaimAsync(queue));

    [Theory]
    [InlineData("{\"limit\":0}", "limit")]
    [InlineData("{\"limit\":101}", "limit")]
    [InlineData("{\"waitMs\":-1}", "waitMs")]
    [InlineData("{\"waitMs\":60001}", "waitMs")]
    [InlineData("{\"leaseMs\":999}", "leaseMs")]
    [InlineData("{\"leaseMs\":43200001}", "leaseMs")]
    [InlineData("{\"queues\":[]}", "queues")]
    [InlineData("{\"queues\":[\"a\",\"a\"]}", "queues")]
    [InlineData("{\"queues\":[\"A\"]}", "queues[0]")]
    [InlineData("{\"queues\":[null]}", "queues[0]")]
    [InlineData("{\"worker\":7}", "worker")]
    public async Task What_is_out_of_range_is_refused_by_its_field(string body, string field)
    {
        var answer = await api.PostAsync("/jobs/claim", body);

        await Api.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "validation");
        Assert.Contains($"\"{field}\":[", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_claim_that_is_repeated_under_its_id_gets_the_same_jobs_and_tokens()
    {
        await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue);

        var first = await api.ClaimAsync(queue, $"\"limit\":2,\"claimId\":\"{queue}\"");
        var again = await api.ClaimAsync(queue, $"\"limit\":2,\"claimId\":\"{queue}\"");
        var other = await api.ClaimAsync(queue, $"\"limit\":2,\"claimId\":\"other-{queue}\"");

        Assert.Equal(first.Select(job => (job.Id, job.Lease)), again.Select(job => (job.Id, job.Lease)));
        Assert.Equal(2, first.Count);
        Assert.DoesNotContain(Assert.Single(other).Id, first.Select(job => job.Id));
        Assert.Equal(3, (await api.QueueAsync(queue)).Totals.Claimed);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_repeated_claim_tells_how_late_the_claim_was_and_not_the_repeat()
    {
        await api.ScheduleAsync(queue, "\"delayMs\":1000");
        api.Advance(1_007);
        await api.ClaimOneAsync(queue, $"\"claimId\":\"{queue}\"");
        api.Advance(20_000);

        Assert.Equal(7, (await api.ClaimOneAsync(queue, $"\"claimId\":\"{queue}\"")).LateMs);
    }

    [Fact]
    public async Task A_repeated_claim_gets_what_is_still_leased_and_claims_anew_once_nothing_is()
    {
        await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue);
        var claim = $"\"limit\":2,\"leaseMs\":1000,\"claimId\":\"{queue}\"";
        var first = await api.ClaimAsync(queue, claim);

        await api.SettleAsync(first[0], "ack");
        Assert.Equal([first[1].Id], (await api.ClaimAsync(queue, claim)).Select(job => job.Id));

        api.Advance(1000);
        var later = await api.ClaimAsync(queue, claim);
        Assert.Equal(2, later.Count);
        Assert.All(later, job => Assert.DoesNotContain(job.Lease, first.Select(earlier => earlier.Lease)));
    }

    [Fact]
    public async Task Parallel_claims_under_one_id_get_the_same_jobs()
    {
        await api.ScheduleAsync(queue);
        await api.ScheduleAsync(queue);

        var claims = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => api.ClaimAsync(queue, $"\"claimId\":\"{queue}\"")));

        Assert.Single(claims.Select(jobs => Assert.Single(jobs).Lease).Distinct());
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"a b\"")]
    [InlineData("\"ø\"")]
    [InlineData("\"01234567890123456789012345678901234567890123456789012345678901234\"")]
    [InlineData("7")]
    public async Task A_claim_id_that_is_not_valid_is_named(string id)
    {
        var answer = await api.PostAsync("/jobs/claim", $"{{\"claimId\":{id}}}");

        await Api.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "validation");
        Assert.Contains("\"claimId\":[", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    public sealed class OnEmbedded(EmbeddedApi api) : ClaimJobsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ClaimJobsTests(api), IClassFixture<RedisApi>;
}
