using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Schedules;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Schedules;

/// <summary>What callers do with schedules, apart from letting them fire.</summary>
public abstract class ScheduleCallsTests(Api api)
{
    private readonly string name = Api.NewQueue();

    [Fact]
    public async Task A_schedule_is_shown_as_it_was_put()
    {
        const string Fields = """
            "cron":"0 3 * * 1-5","timeZone":"Europe/Berlin","start":"2030-02-01T00:00:00Z","end":"2031-01-01T00:00:00Z","misfire":"skip","overlap":"skip",
            "job":{"queue":"reports","payload":{"a": [1.50]},"priority":7,"maxAttempts":3,"leaseMs":5000,"metadata":{"k":"v"},"backoff":{"type":"fixed","delayMs":5}}
            """;

        var made = await api.PutAsync($"/schedules/{name}", $"{{{Fields}}}");
        var schedule = await Api.ReadAsync(made, WireJson.Default.Schedule, HttpStatusCode.Created);
        var again = await Api.ReadAsync(await api.PutAsync($"/schedules/{name}", $"{{{Fields}}}"), WireJson.Default.Schedule);
        var text = await (await api.GetAsync($"/schedules/{name}")).Content.ReadAsStringAsync();

        Assert.Equal($"/schedules/{name}", made.Headers.Location!.OriginalString);
        Assert.Equal(
            ("0 3 * * 1-5", "Europe/Berlin", Misfire.Skip, Overlap.Skip, false), (schedule.Cron, schedule.TimeZone, schedule.Misfire, schedule.Overlap, schedule.Paused));
        Assert.Equal((7, 3, 5000, "v"), (schedule.Job.Priority, schedule.Job.MaxAttempts, schedule.Job.LeaseMs, schedule.Job.Metadata!["k"]));
        Assert.Equal(At("2030-02-01T02:00:00Z"), schedule.NextAt);
        Assert.Contains("\"payload\":{\"a\": [1.50]}", text, StringComparison.Ordinal);
        Assert.Equal(schedule.NextAt, again.NextAt);
    }

    [Fact]
    public async Task Defaults_are_shown_and_times_count_from_now()
    {
        var schedule = await PutAsync("\"intervalMs\":60000");

        Assert.Equal(("UTC", Misfire.Once, Overlap.Allow, 60_000L, null), (schedule.TimeZone, schedule.Misfire, schedule.Overlap, schedule.IntervalMs, schedule.Cron));
        Assert.Equal(api.Clock.GetUtcNow().AddMinutes(1), schedule.NextAt);
        Assert.Null(schedule.LastAt);
    }

    [Fact]
    public async Task New_times_count_from_when_they_are_put_and_the_same_times_from_when_they_were_first_put()
    {
        var first = await PutAsync("\"intervalMs\":60000");
        api.Advance(90_000);

        var same = await PutAsync("\"intervalMs\":60000,\"misfire\":\"skip\"", HttpStatusCode.OK);
        var other = await PutAsync("\"intervalMs\":60001", HttpStatusCode.OK);

        Assert.Equal(first.NextAt, same.NextAt);
        Assert.Equal(api.Clock.GetUtcNow().AddMilliseconds(60_001), other.NextAt);
    }

    [Fact]
    public async Task A_deleted_schedule_is_gone_and_what_is_not_there_is_told()
    {
        await PutAsync("\"cron\":\"* * * * *\"");

        Assert.Equal(HttpStatusCode.NoContent, (await api.Client.DeleteAsync($"/schedules/{name}", TestContext.Current.CancellationToken)).StatusCode);

        foreach (var gone in (string[])[name, "UPPER", "a%0a", "..%2f"])
        {
            await AssertMissingAsync(await api.GetAsync($"/schedules/{gone}"));
            await AssertMissingAsync(await api.GetAsync($"/schedules/{gone}/next"));
            await AssertMissingAsync(await api.Client.DeleteAsync($"/schedules/{gone}", TestContext.Current.CancellationToken));
            foreach (var call in (string[])["pause", "resume", "trigger"])
            {
                await AssertMissingAsync(await PostAsync($"/schedules/{gone}/{call}"));
            }
        }

        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Trigger_makes_a_job_now_and_leaves_the_instants_alone()
    {
        var schedule = await PutAsync("\"cron\":\"0 * * * *\",\"overlap\":\"skip\"", queue: name, job: ",\"priority\":8,\"metadata\":{\"k\":\"v\",\"schedule\":\"mine\"}");
        await PostAsync($"/schedules/{name}/pause");

        var answer = await PostAsync($"/schedules/{name}/trigger");
        var job = await Api.ReadAsync(answer, WireJson.Default.Job, HttpStatusCode.Created);
        await PostAsync($"/schedules/{name}/trigger");
        await PostAsync($"/schedules/{name}/resume");

        var claimed = (await api.ClaimAsync(name, "\"limit\":9"))[0];
        Assert.Equal($"/jobs/{job.Id}", answer.Headers.Location!.OriginalString);
        Assert.Equal((job.Id, JobState.Ready, 8, api.Clock.GetUtcNow()), (claimed.Id, job.State, claimed.Priority, job.RunAt));
        Assert.Equal(("v", name, "2030-01-01T"), (claimed.Metadata!["k"], claimed.Metadata["schedule"], claimed.Metadata["scheduledFor"][..11]));
        Assert.Equal(2, (await api.QueueAsync(name)).Totals.Created);
        Assert.Equal(schedule.NextAt, (await GetAsync()).NextAt);
    }

    [Fact]
    public async Task Trigger_answers_the_job_that_holds_the_unique_key_and_makes_none()
    {
        await PutAsync("\"cron\":\"0 * * * *\"", queue: name, job: ",\"unique\":{\"key\":\"k\"}");
        var first = await Api.ReadAsync(await PostAsync($"/schedules/{name}/trigger"), WireJson.Default.Job, HttpStatusCode.Created);

        var second = await Api.ReadAsync(await PostAsync($"/schedules/{name}/trigger"), WireJson.Default.Job);

        Assert.Equal(first.Id, second.Id);
        Assert.Equal(1, (await api.QueueAsync(name)).Totals.Created);
    }

    [Fact]
    public async Task The_next_instants_show_the_change_of_the_clock()
    {
        await PutAsync("\"cron\":\"30 2 * * *\",\"timeZone\":\"Europe/Berlin\",\"start\":\"2030-03-30T00:00:00Z\",\"end\":\"2030-04-01T00:30:00Z\"");

        var next = await Api.ReadAsync(await api.GetAsync($"/schedules/{name}/next?count=100"), WireJson.Default.NextInstantsResponse);
        var two = await Api.ReadAsync(await api.GetAsync($"/schedules/{name}/next?count=2"), WireJson.Default.NextInstantsResponse);

        Assert.Equal("Europe/Berlin", next.TimeZone);
        Assert.Equal(
            ["2030-03-30T02:30:00.000+01:00", "2030-03-31T03:00:00.000+02:00", "2030-04-01T02:30:00.000+02:00"], next.Instants.Select(instant => instant.Local));
        Assert.Equal([At("2030-03-30T01:30:00Z"), At("2030-03-31T01:00:00Z"), At("2030-04-01T00:30:00Z")], next.Instants.Select(instant => instant.At));
        Assert.Equal(next.Instants.Take(2), two.Instants);
    }

    [Fact]
    public async Task A_schedule_is_never_left_between_two_of_many_writers()
    {
        await Task.WhenAll(Enumerable.Range(0, 64).Select(i => (i % 4) switch
        {
            0 => PostAsync($"/schedules/{name}/pause"),
            1 => PostAsync($"/schedules/{name}/resume"),
            2 => api.Client.DeleteAsync($"/schedules/{name}", TestContext.Current.CancellationToken),
            _ => api.PutAsync($"/schedules/{name}", $$"""{"intervalMs":{{1000 + i}},"job":{"payload":1} }"""),
        }));

        await api.AssertSoundAsync();
    }

    private async Task<Schedule> PutAsync(string fields, HttpStatusCode status = HttpStatusCode.Created, string queue = "default", string job = "") =>
        await Api.ReadAsync(
            await api.PutAsync($"/schedules/{name}", $$"""{ {{fields}},"job":{"payload":1,"queue":"{{queue}}"{{job}}} }"""), WireJson.Default.Schedule, status);

    private async Task<Schedule> GetAsync() => await Api.ReadAsync(await api.GetAsync($"/schedules/{name}"), WireJson.Default.Schedule);

    private Task<HttpResponseMessage> PostAsync(string path) => api.Client.PostAsync(new Uri(path, UriKind.Relative), null);

    private static Task AssertMissingAsync(HttpResponseMessage answer) => Api.AssertProblemAsync(answer, HttpStatusCode.NotFound, "schedule-not-found");

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    public sealed class OnEmbedded(EmbeddedApi api) : ScheduleCallsTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ScheduleCallsTests(api), IClassFixture<RedisApi>;
}
