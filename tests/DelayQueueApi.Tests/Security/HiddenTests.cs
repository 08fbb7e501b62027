using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>S16: a key without the right never reads or changes what is in another's queue, and does not learn that it is there.</summary>
public abstract class HiddenTests(KeyedApi api)
{
    private readonly string theirs = $"theirs-{Api.NewQueue()}";
    private readonly string mine = $"mine-{Api.NewQueue()}";

    public static TheoryData<string> Strangers => ["mine", "acme"];

    public static TheoryData<string, string> CallsOnAJob
    {
        get
        {
            var calls = new TheoryData<string, string>();
            foreach (var stranger in Strangers)
            {
                foreach (var call in (string[])["GET ", "GET /explain", "PATCH ", "DELETE ", "POST /ack", "POST /nack", "POST /release", "POST /extend", "SETTLE"])
                {
                    calls.Add(stranger.Data, call);
                }
            }

            return calls;
        }
    }

    [Theory]
    [MemberData(nameof(CallsOnAJob))]
    public async Task A_job_of_another_queue_answers_as_one_that_never_was(string stranger, string call)
    {
        var (id, token) = await api.LeasedAsync(TestKeys.All, theirs);
        const string Unknown = "0-01M84XZDE200000FAWMB8EZEZX";
        var before = await StateAsync(id);

        // Their token, and one of mine with the right queue in it.
        foreach (var shown in (string[])[token, await OwnTokenAsync(stranger), "nonsense"])
        {
            var asked = api.Scripts;
            var unknown = await KeyedApi.TextAsync(await SendAsync(stranger, call, Unknown, shown));
            var forUnknown = api.Scripts - asked;
            asked = api.Scripts;
            var hidden = await KeyedApi.TextAsync(await SendAsync(stranger, call, id, shown));

            Assert.Contains("job-not-found", unknown, StringComparison.Ordinal);
            Assert.Equal(unknown, hidden);
            Assert.Equal(forUnknown, api.Scripts - asked);
        }

        Assert.Equal(before, await StateAsync(id));
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("PUT", "", "{}")]
    [InlineData("DELETE", "?force=true")]
    [InlineData("POST", "/pause")]
    [InlineData("POST", "/resume")]
    [InlineData("POST", "/purge", "{\"state\":\"scheduled\"}")]
    [InlineData("POST", "/redrive", "{}")]
    [InlineData("GET", "/redrive")]
    [InlineData("DELETE", "/redrive")]
    [InlineData("GET", "/dead")]
    [InlineData("GET", "/due")]
    public async Task A_queue_that_the_key_may_not_use_is_refused_whether_it_is_there_or_not(string method, string call, string? body = null)
    {
        var id = await api.ScheduleAsync(TestKeys.All, theirs, ",\"delayMs\":1000");
        var before = await StateAsync(id);

        var there = await api.SendAsync(TestKeys.Mine, method, $"/queues/{theirs}{call}", body);
        var notThere = await api.SendAsync(TestKeys.Mine, method, $"/queues/theirs-none{call}", body);

        await Api.AssertProblemAsync(there, HttpStatusCode.Forbidden, "forbidden");
        Assert.Equal(await KeyedApi.TextAsync(notThere), await KeyedApi.TextAsync(there));
        Assert.Equal(before, await StateAsync(id));
    }

    [Fact]
    public async Task Jobs_go_only_into_queues_that_the_key_may_use()
    {
        var job = $$"""{"queue":"{{theirs}}","payload":1}""";
        var single = await api.SendAsync(TestKeys.Mine, "POST", "/jobs", job);
        var batch = await api.AskAsync(TestKeys.Mine, "POST", "/jobs/batch", $$"""{"jobs":[{{job}},{"queue":"{{mine}}","payload":1}]}""");
        var (id, token) = await api.LeasedAsync(TestKeys.Mine, $"{mine}-acks");
        var ack = await api.SendAsync(TestKeys.Mine, "POST", $"/jobs/{id}/ack", $$"""{"leaseToken":"{{token}}","then":[{{job}}]}""");
        var schedule = await api.SendAsync(TestKeys.Mine, "PUT", $"/schedules/{mine}", $$"""{"intervalMs":1000,"job":{{job}}}""");

        await Api.AssertProblemAsync(single, HttpStatusCode.Forbidden, "forbidden");
        Assert.Equal([403, 201], batch["results"]!.AsArray().Select(result => (int)result!["status"]!));
        await Api.AssertProblemAsync(ack, HttpStatusCode.Forbidden, "forbidden");
        await Api.AssertProblemAsync(schedule, HttpStatusCode.Forbidden, "forbidden");
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(TestKeys.All, "GET", $"/queues/{theirs}")).StatusCode);
        Assert.Equal("leased", (string)(await api.AskAsync(TestKeys.Mine, "GET", $"/jobs/{id}"))["state"]!);
    }

    [Fact]
    public async Task A_follow_up_needs_the_right_to_produce()
    {
        var (id, token) = await api.LeasedAsync(TestKeys.All, mine);

        var ack = await api.SendAsync(TestKeys.Consume, "POST", $"/jobs/{id}/ack", $$"""{"leaseToken":"{{token}}","then":[{"queue":"{{mine}}","payload":1}]}""");

        await Api.AssertProblemAsync(ack, HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task A_claim_with_one_queue_too_many_gets_nothing_and_is_told_nothing()
    {
        await api.ScheduleAsync(TestKeys.All, theirs);
        await api.ScheduleAsync(TestKeys.All, mine);

        var there = await api.SendAsync(TestKeys.Mine, "POST", "/jobs/claim", $$"""{"queues":["{{mine}}","{{theirs}}"]}""");
        var notThere = await api.SendAsync(TestKeys.Mine, "POST", "/jobs/claim", $$"""{"queues":["{{mine}}","theirs-none"]}""");

        await Api.AssertProblemAsync(there, HttpStatusCode.Forbidden, "forbidden");
        Assert.Equal(await KeyedApi.TextAsync(notThere), await KeyedApi.TextAsync(there));
        Assert.Equal(1, (int)(await api.AskAsync(TestKeys.All, "GET", $"/queues/{mine}"))["ready"]!);
    }

    [Fact]
    public async Task A_claim_id_of_another_key_gets_none_of_its_jobs()
    {
        await api.ScheduleAsync(TestKeys.All, theirs);
        await api.AskAsync(TestKeys.All, "POST", "/jobs/claim", $$"""{"queues":["{{theirs}}"],"claimId":"{{theirs}}"}""");

        var mineOnly = await api.AskAsync(TestKeys.Mine, "POST", "/jobs/claim", $$"""{"queues":["{{mine}}"],"claimId":"{{theirs}}"}""");
        var again = await api.AskAsync(TestKeys.All, "POST", "/jobs/claim", $$"""{"queues":["{{theirs}}"],"claimId":"{{theirs}}"}""");

        Assert.Empty(mineOnly["jobs"]!.AsArray());
        Assert.Single(again["jobs"]!.AsArray());
    }

    [Fact]
    public async Task Lists_have_only_what_the_key_may_see_and_their_cursors_tell_no_more()
    {
        string[] own = [$"mine-a{mine}", $"mine-b{mine}", $"mine-c{mine}"];
        foreach (var queue in own.Append(theirs).Append($"mine{theirs}").Append($"mjx{theirs}"))
        {
            await api.ScheduleAsync(TestKeys.All, queue, ",\"delayMs\":1000");
            await api.AskAsync(TestKeys.All, "PUT", $"/schedules/{queue}", $$"""{"cron":"0 0 1 1 *","job":{"queue":"{{queue}}","payload":1} }""");
        }

        var queues = await PagesAsync("queues", "queue");
        var schedules = await PagesAsync("schedules", "name");
        var jobs = await api.SendAsync(TestKeys.Mine, "GET", $"/jobs?queue={theirs}&state=scheduled&metadata.a=b");

        Assert.All(queues.Concat(schedules), name => Assert.StartsWith("mine", name, StringComparison.Ordinal));
        Assert.Superset(own.ToHashSet(), queues.ToHashSet());
        Assert.Superset(own.ToHashSet(), schedules.ToHashSet());
        Assert.Equal(queues.Order(StringComparer.Ordinal), queues);
        await Api.AssertProblemAsync(jobs, HttpStatusCode.Forbidden, "forbidden");
    }

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task A_schedule_of_another_queue_is_not_there_and_stays_as_it_is(string stranger)
    {
        var name = $"s-{theirs}";
        await api.AskAsync(TestKeys.All, "PUT", $"/schedules/{name}", $$"""{"intervalMs":3600000,"job":{"queue":"{{theirs}}","payload":1} }""");
        var before = (await api.AskAsync(TestKeys.All, "GET", $"/schedules/{name}")).ToJsonString();

        foreach (var call in (string[])["GET ", "GET /next", "DELETE ", "POST /pause", "POST /resume", "POST /trigger"])
        {
            var (method, path) = call.Split(' ') is [var verb, var rest] ? (verb, rest) : default;
            var hidden = await api.SendAsync(KeyOf(stranger), method, $"/schedules/{name}{path}");
            var unknown = await api.SendAsync(KeyOf(stranger), method, $"/schedules/{name}-none{path}");

            await Api.AssertProblemAsync(hidden, HttpStatusCode.NotFound, "schedule-not-found");
            Assert.Equal(await KeyedApi.TextAsync(unknown), await KeyedApi.TextAsync(hidden));
        }

        Assert.Equal(before, (await api.AskAsync(TestKeys.All, "GET", $"/schedules/{name}")).ToJsonString());
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(TestKeys.All, "GET", $"/queues/{theirs}")).StatusCode);
    }

    [Fact]
    public async Task A_schedule_of_another_queue_cannot_be_written_over()
    {
        var name = $"s-{theirs}";
        await api.AskAsync(TestKeys.All, "PUT", $"/schedules/{name}", $$"""{"intervalMs":3600000,"job":{"queue":"{{theirs}}","payload":1} }""");

        var put = await api.SendAsync(TestKeys.Mine, "PUT", $"/schedules/{name}", $$"""{"intervalMs":3600000,"job":{"queue":"{{mine}}","payload":2} }""");

        await Api.AssertProblemAsync(put, HttpStatusCode.Forbidden, "forbidden");
        Assert.Equal(theirs, (string)(await api.AskAsync(TestKeys.All, "GET", $"/schedules/{name}"))["job"]!["queue"]!);
    }

    [Fact]
    public async Task Named_jobs_of_another_queue_are_passed_over()
    {
        var (id, token) = await api.LeasedAsync(TestKeys.All, theirs);
        await api.AskAsync(TestKeys.All, "POST", $"/jobs/{id}/nack", $$"""{"leaseToken":"{{token}}","dead":true}""");
        await api.ScheduleAsync(TestKeys.Mine, mine);

        var redriven = await api.AskAsync(TestKeys.Mine, "POST", $"/queues/{mine}/redrive", $$"""{"ids":["{{id}}"]}""");
        var purged = await api.AskAsync(TestKeys.Mine, "POST", $"/queues/{mine}/purge", $$"""{"state":"dead","ids":["{{id}}"]}""");

        Assert.Equal(0, (int)redriven["matched"]!);
        Assert.Equal(0, (int)purged["purged"]!);
        Assert.Equal("dead", (string)(await api.AskAsync(TestKeys.All, "GET", $"/jobs/{id}"))["state"]!);
    }

    private static TestKey KeyOf(string stranger) => stranger == "mine" ? TestKeys.Mine : TestKeys.Acme;

    private async Task<string> OwnTokenAsync(string stranger) => (await api.LeasedAsync(KeyOf(stranger), $"{mine}-own")).Token;

    private Task<HttpResponseMessage> SendAsync(string stranger, string call, string id, string token)
    {
        var key = KeyOf(stranger);
        if (call == "SETTLE")
        {
            var item = $$"""{"id":"{{id}}","leaseToken":"{{token}}"}""";
            return api.SendAsync(key, "POST", "/jobs/settle", $$"""{"acks":[{{item}}],"nacks":[{{item}}]}""");
        }

        var (method, path) = call.Split(' ') is [var verb, var rest] ? (verb, rest) : default;
        var body = method switch
        {
            "PATCH" => """{"priority":9}""",
            "POST" when path == "/extend" => $$"""{"leaseToken":"{{token}}","leaseMs":1000}""",
            "POST" => $$"""{"leaseToken":"{{token}}"}""",
            _ => null,
        };
        return api.SendAsync(key, method, $"/jobs/{id}{path}", body);
    }

    /// <summary>All that there is to see of a job and its queue.</summary>
    private async Task<string> StateAsync(string id)
    {
        var queue = (JsonObject)await api.AskAsync(TestKeys.All, "GET", $"/queues/{theirs}");
        queue.Remove("workers");
        return (await api.AskAsync(TestKeys.All, "GET", $"/jobs/{id}")).ToJsonString() + queue.ToJsonString();
    }

    private async Task<List<string>> PagesAsync(string list, string name)
    {
        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await api.AskAsync(TestKeys.Mine, "GET", $"/{list}?limit=1{(cursor is null ? "" : $"&cursor={cursor}")}");
            names.AddRange(page[list]!.AsArray().Select(item => (string)item![name]!));
            cursor = (string?)page["next"];
            Assert.True(cursor is null || Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor)) == names[^1]);
        }
        while (cursor is not null);

        return names;
    }

    public sealed class OnEmbedded(KeyedEmbeddedApi api) : HiddenTests(api), IClassFixture<KeyedEmbeddedApi>;

    public sealed class OnRedis(KeyedRedisApi api) : HiddenTests(api), IClassFixture<KeyedRedisApi>;

    public sealed class OnPartitions(KeyedPartitionedApi api) : HiddenTests(api), IClassFixture<KeyedPartitionedApi>;
}
