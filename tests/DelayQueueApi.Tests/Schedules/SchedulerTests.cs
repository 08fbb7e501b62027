using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Schedules;
using DelayQueueApi.Security;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Schedules;

public abstract class SchedulerTests(Api api)
{
    private readonly string name = Api.NewQueue();

    [Fact]
    public async Task An_instant_makes_its_job_with_the_instant_as_its_run_at_and_never_before()
    {
        var schedule = await PutAsync("\"intervalMs\":60000", job: ",\"priority\":7,\"maxAttempts\":2,\"leaseMs\":5000,\"metadata\":{\"k\":\"v\"}");
        api.Advance(59_999);
        await api.FireAsync();
        Assert.Empty(await api.ClaimAsync(name));

        api.Advance(3);
        await api.FireAsync();

        var job = await api.ClaimOneAsync(name);
        Assert.Equal((schedule.NextAt, 2L, 7, 2, "v"), (job.RunAt, job.LateMs, job.Priority, job.MaxAttempts, job.Metadata!["k"]));
        Assert.Equal((name, schedule.NextAt), (job.Metadata["schedule"], At(job.Metadata["scheduledFor"])));
        Assert.Equal(job.Metadata, (await api.JobAsync(job.Id)).Metadata);
        var after = await GetAsync();
        Assert.Equal((schedule.NextAt, job.Id, schedule.NextAt!.Value.AddMinutes(1)), (after.LastAt, after.LastJobId, after.NextAt));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Sixty_four_schedulers_of_two_instances_make_one_job_an_instant()
    {
        await PutAsync("\"intervalMs\":1000");

        for (var i = 0; i < 10; i++)
        {
            api.Advance(1000);
            await api.FireTogetherAsync();
        }

        var instants = (await api.ClaimAsync(name, "\"limit\":100")).Select(job => job.Metadata!["scheduledFor"]).ToArray();
        Assert.Equal((10, 10), (instants.Length, instants.Distinct().Count()));
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task More_schedules_than_one_script_takes_all_fire_each_into_its_queue()
    {
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(HttpStatusCode.Created, (await api.PutAsync(
                $"/schedules/{name}-{i}", $$"""{"intervalMs":60000,"job":{"payload":{{i}},"queue":"{{name}}.{{i % 30}}"} }""")).StatusCode);
        }

        api.Advance(60_000);
        await api.FireAsync();

        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(i < 20 ? 2 : 1, (await api.QueueAsync($"{name}.{i}")).Ready);
        }

        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task A_schedule_that_changes_while_it_fires_makes_one_job_at_most()
    {
        await PutAsync("\"intervalMs\":1000");
        api.Advance(1000);

        await Task.WhenAll(Enumerable.Range(0, 32).Select(i => (i % 4) switch
        {
            0 => api.PostAsync($"/schedules/{name}/pause", ""),
            1 => api.PostAsync($"/schedules/{name}/resume", ""),
            _ => api.FireAsync(),
        }));

        Assert.InRange((await api.ClaimAsync(name, "\"limit\":9")).Count, 0, 1);
        await api.AssertSoundAsync();
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData(",\"misfire\":\"once\"", 1)]
    [InlineData(",\"misfire\":\"skip\"", 0)]
    public async Task Of_instants_that_were_missed_the_latest_makes_a_job_or_none_does(string misfire, int jobs)
    {
        var schedule = await PutAsync("\"intervalMs\":60000" + misfire);
        api.Advance((3 * 60_000) + 11_000);

        await api.FireAsync();
        await api.FireAsync();

        var made = await api.ClaimAsync(name, "\"limit\":9");
        Assert.Equal(jobs, made.Count);
        Assert.All(made, job => Assert.Equal((schedule.NextAt!.Value.AddMinutes(2), 11_000L), (job.RunAt, job.LateMs)));
        Assert.Equal(schedule.NextAt!.Value.AddMinutes(3), (await GetAsync()).NextAt);
    }

    [Fact]
    public async Task An_instant_that_is_a_little_late_is_not_missed()
    {
        await PutAsync("\"intervalMs\":60000,\"misfire\":\"skip\"");
        api.Advance(70_000);

        await api.FireAsync();

        Assert.Equal(10_000, (await api.ClaimOneAsync(name)).LateMs);
    }

    [Fact]
    public async Task While_it_is_paused_nothing_is_made_and_resuming_does_not_catch_up()
    {
        await PutAsync("\"intervalMs\":60000");
        var paused = await ReadAsync(await api.PostAsync($"/schedules/{name}/pause", ""));
        Assert.Equal((true, null), (paused.Paused, paused.NextAt));
        Assert.True((await PutAsync("\"intervalMs\":60000", HttpStatusCode.OK)).Paused);
        api.Advance(150_000);
        await api.FireAsync();

        var resumed = await ReadAsync(await api.PostAsync($"/schedules/{name}/resume", ""));
        await api.FireAsync();

        Assert.Empty(await api.ClaimAsync(name));
        Assert.Equal((false, api.Clock.GetUtcNow().AddSeconds(30)), (resumed.Paused, resumed.NextAt));
        api.Advance(30_000);
        await api.FireAsync();
        await api.ClaimOneAsync(name);
    }

    [Fact]
    public async Task A_deleted_schedule_makes_nothing_more_and_its_jobs_stay()
    {
        await PutAsync("\"intervalMs\":1000");
        api.Advance(1000);
        await api.FireAsync();
        await api.Client.DeleteAsync($"/schedules/{name}", TestContext.Current.CancellationToken);
        api.Advance(1000);
        await api.FireAsync();

        await api.ClaimOneAsync(name);
        Assert.Equal(1, (await api.QueueAsync(name)).Totals.Created);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task Nothing_is_made_after_the_end()
    {
        var end = api.Clock.GetUtcNow().AddSeconds(2);
        await PutAsync($"\"intervalMs\":1000,\"end\":\"{end:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\"");
        for (var i = 0; i < 4; i++)
        {
            api.Advance(1000);
            await api.FireAsync();
        }

        Assert.Equal(2, (await api.ClaimAsync(name, "\"limit\":9")).Count);
        var over = await GetAsync();
        Assert.Equal((null, end), (over.NextAt, over.LastAt));
        Assert.Empty((await Api.ReadAsync(await api.GetAsync($"/schedules/{name}/next"), WireJson.Default.NextInstantsResponse)).Instants);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task With_overlap_skip_an_instant_makes_no_job_until_the_one_before_is_finished()
    {
        await PutAsync("\"intervalMs\":1000,\"overlap\":\"skip\"", job: ",\"maxAttempts\":1");
        await FireNextAsync();
        await FireNextAsync();
        var first = await api.ClaimOneAsync(name);
        await FireNextAsync();
        Assert.Equal(1, (await api.QueueAsync(name)).Totals.Created);

        await api.SettleAsync(first, "ack");
        await FireNextAsync();
        var second = await api.ClaimOneAsync(name);
        await api.SettleAsync(second, "nack");
        await FireNextAsync();

        Assert.Equal(JobState.Dead, (await api.JobAsync(second.Id)).State);
        await api.ClaimOneAsync(name);
        Assert.Equal(3, (await api.QueueAsync(name)).Totals.Created);
        await api.AssertSoundAsync();
    }

    [Fact]
    public async Task With_overlap_allow_every_instant_makes_its_job()
    {
        await PutAsync("\"intervalMs\":1000");
        await FireNextAsync();
        await FireNextAsync();

        Assert.Equal(2, (await api.QueueAsync(name)).Ready);
    }

    [Fact]
    public async Task A_schedule_whose_time_zone_is_gone_does_not_hold_up_the_others()
    {
        var record = new ScheduleRecord
        {
            Next = api.Clock.GetUtcNow().AddMilliseconds(500),
            Anchor = api.Clock.GetUtcNow(),
            Body = """{"cron":"* * * * *","timeZone":"Europe/Atlantis","job":{"payload":1}}"""u8.ToArray(),
        };
        for (var i = 0; i < 25; i++)
        {
            await api.Service<ScheduleStore>().ChangeAsync(new ScheduleName($"{name}-{i}"), Caller.Anonymous, (_, _) => record);
        }

        await PutAsync("\"intervalMs\":1000");
        api.Advance(1000);
        await api.FireAsync();

        await api.ClaimOneAsync(name);
        for (var i = 0; i < 25; i++)
        {
            await api.Client.DeleteAsync($"/schedules/{name}-{i}", TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task The_loop_fires_a_schedule_that_is_put_while_it_sleeps()
    {
        var scheduler = api.Service<Scheduler>();
        await scheduler.StartAsync(TestContext.Current.CancellationToken);
        await PutAsync("\"intervalMs\":1000");
        var claimed = await api.ClaimAsync(name);

        for (var i = 0; i < 1000 && claimed.Count == 0; i++)
        {
            api.Advance(100);
            claimed = await api.ClaimAsync(name);
        }

        Assert.Equal(name, Assert.Single(claimed).Metadata!["schedule"]);
        await scheduler.StopAsync(TestContext.Current.CancellationToken);
    }

    private async Task FireNextAsync()
    {
        api.Advance(1000);
        await api.FireAsync();
    }

    private async Task<Schedule> PutAsync(string fields, HttpStatusCode status = HttpStatusCode.Created, string job = "") => await Api.ReadAsync(
        await api.PutAsync($"/schedules/{name}", $$"""{ {{fields}},"job":{"payload":1,"queue":"{{name}}"{{job}}} }"""), WireJson.Default.Schedule, status);

    private async Task<Schedule> GetAsync() => await ReadAsync(await api.GetAsync($"/schedules/{name}"));

    private static Task<Schedule> ReadAsync(HttpResponseMessage answer) => Api.ReadAsync(answer, WireJson.Default.Schedule);

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    public sealed class OnEmbedded(EmbeddedApi api) : SchedulerTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : SchedulerTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : SchedulerTests(api), IClassFixture<PartitionedApi>;
}
