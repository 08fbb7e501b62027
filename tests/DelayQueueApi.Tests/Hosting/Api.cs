using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Queues;
using DelayQueueApi.Reaping;
using DelayQueueApi.Schedules;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DelayQueueApi.Tests.Hosting;

/// <summary>
/// The whole service over HTTP, in memory, on a real store. Time stands still until a test moves <see cref="Clock"/>; the
/// reaper and the scheduler run only when a test says so.
/// </summary>
public abstract class Api(Engine engine) : IAsyncLifetime
{
    private static int hosts;
    private static int queues;

    private ApiHost? host;
    private ApiHost? another;
    private HttpClient? client;

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public HttpClient Client => client ?? throw Skipped();

    /// <summary>Settings of the host beyond the store's.</summary>
    protected virtual IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>();

    internal string Prefix { get; } = $"t{Environment.ProcessId}-{Interlocked.Increment(ref hosts)}";

    public ValueTask InitializeAsync()
    {
        if (engine.ConnectionString is { } connection)
        {
            host = new ApiHost(connection, Prefix, Clock, Settings);
            client = host.CreateClient();
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (host is not null)
        {
            await host.DisposeAsync();
        }

        if (another is not null)
        {
            await another.DisposeAsync();
        }
    }

    /// <summary>A client of a second instance on the same store.</summary>
    internal HttpClient AnotherInstance()
    {
        another ??= new ApiHost(engine.ConnectionString!, Prefix, Clock, Settings);
        return another.CreateClient();
    }

    /// <summary>A queue that no other test uses.</summary>
    public static string NewQueue() => $"q{Interlocked.Increment(ref queues)}";

    public void Advance(int ms) => Clock.Advance(TimeSpan.FromMilliseconds(ms));

    /// <summary>Moves the clock in steps, as it moves in life, with time for scripts between them: a timer that is set only after one is not missed.</summary>
    internal async Task AdvanceUntilAsync(Task done, int ms)
    {
        Advance(ms);
        while (!done.IsCompleted)
        {
            await AskAsync();
            Advance(10);
        }
    }

    public Task<HttpResponseMessage> PostAsync(string path, string body, string contentType = "application/json") =>
        Client.PostAsync(new Uri(path, UriKind.Relative), Content(Encoding.UTF8.GetBytes(body), contentType));

    public Task<HttpResponseMessage> PutAsync(string path, string body) =>
        Client.PutAsync(new Uri(path, UriKind.Relative), Content(Encoding.UTF8.GetBytes(body), "application/json"));

    /// <summary>POST /jobs under an idempotency key.</summary>
    public async Task<HttpResponseMessage> PostWithKeyAsync(string key, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/jobs") { Content = Content(Encoding.UTF8.GetBytes(body), "application/json") };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return await Client.SendAsync(request);
    }

    public static ByteArrayContent Content(byte[] body, string contentType)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return content;
    }

    internal T Service<T>()
        where T : notnull => (host ?? throw Skipped()).Services.GetRequiredService<T>();

    /// <param name="fields">Further fields of the request, as JSON: <c>"delayMs":5,"priority":9</c>.</param>
    internal async Task<Job> ScheduleAsync(string queue, string fields = "", string payload = "1")
    {
        var answer = await PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":{{payload}}{{(fields.Length > 0 ? "," + fields : "")}}}""");
        return await ReadAsync(answer, WireJson.Default.Job, HttpStatusCode.Created);
    }

    internal Task<IReadOnlyList<ClaimJobs.ClaimedJob>> ClaimAsync(string queue, string fields = "") => ClaimAsync(Client, queue, fields);

    internal static async Task<IReadOnlyList<ClaimJobs.ClaimedJob>> ClaimAsync(HttpClient instance, string queue, string fields = "")
    {
        using var body = Content(Encoding.UTF8.GetBytes($$"""{"queues":["{{queue}}"]{{(fields.Length > 0 ? "," + fields : "")}}}"""), "application/json");
        return (await ReadAsync(await instance.PostAsync("/jobs/claim", body), WireJson.Default.ClaimJobsResponse)).Jobs;
    }

    internal async Task<ClaimJobs.ClaimedJob> ClaimOneAsync(string queue, string fields = "") => Assert.Single(await ClaimAsync(queue, fields));

    /// <summary>Puts a job into a queue and claims it.</summary>
    internal async Task<ClaimJobs.ClaimedJob> LeasedAsync(string queue, string fields = "", string claim = "")
    {
        await ScheduleAsync(queue, fields);
        return await ClaimOneAsync(queue, claim);
    }

    /// <summary>How many scripts the host has run: each asks for the time.</summary>
    internal int Scripts => StoreTime.Asked;

    internal VirtualClock StoreTime => (VirtualClock)Service<StoreClock>();

    /// <summary>Runs one script, behind those that are on their way.</summary>
    internal Task<HttpResponseMessage> AskAsync() => GetAsync("/schedules/none");

    /// <summary>How many claims wait.</summary>
    internal int Waiting => Service<WaitingClaims>().Waiting;

    /// <summary>A claim that waits, once it does.</summary>
    internal async Task<Task<IReadOnlyList<ClaimJobs.ClaimedJob>>> WaitAsync(string queue, string fields = "\"waitMs\":60000")
    {
        var before = Waiting;
        var claim = ClaimAsync(queue, fields);
        await UntilAsync(() => Waiting > before || claim.IsCompleted);
        return claim;
    }

    /// <summary>Claims that wait, one for each time that a queue is named.</summary>
    internal async Task<Task<IReadOnlyList<ClaimJobs.ClaimedJob>>[]> WaitAsync(IEnumerable<string> queues)
    {
        var waiting = new List<Task<IReadOnlyList<ClaimJobs.ClaimedJob>>>();
        foreach (var queue in queues)
        {
            waiting.Add(await WaitAsync(queue));
        }

        return [.. waiting];
    }

    /// <summary>Puts a job into a queue and gives no hint to claims that wait for it.</summary>
    internal async Task<string> ScheduleUnannouncedAsync(string queue, int delayMs = 0)
    {
        var elsewhere = new Wakeups(new WakeupHints(Service<StoreConnection>(), new Partitions("elsewhere", 1), NullLogger<WakeupHints>.Instance), Clock);
        await using var store = new JobStore(Service<ScriptRunner>(), Service<Partitions>(), elsewhere, Service<EmbeddedStore>(), Service<JobEvents>(), Service<IOptions<StoreOptions>>());
        var name = new QueueName(queue);
        var record = JobRecord.EncodeNew(4, delayMs, null, name, JobOptions.None, null, null, null, new RawJson("1"u8.ToArray()));
        return (await store.ScheduleAsync(new NewJob(name, 4, delayMs, null, 2, null, record))).Id.Text;
    }

    /// <param name="call">ack, nack, release or extend.</param>
    internal Task<HttpResponseMessage> SettleAsync(ClaimJobs.ClaimedJob job, string call, string fields = "") =>
        SettleAsync(job.Id, job.Lease.Token, call, fields);

    internal Task<HttpResponseMessage> SettleAsync(string id, string token, string call, string fields = "") =>
        PostAsync($"/jobs/{id}/{call}", $$"""{"leaseToken":"{{token}}"{{(fields.Length > 0 ? "," + fields : "")}}}""");

    /// <summary>The name of a job in the store.</summary>
    internal static byte[] StoredId(string id) => new JobId(id).Stored!;

    internal Task<HttpResponseMessage> CancelAsync(string id, string query = "") => DeleteAsync($"/jobs/{id}{query}");

    internal Task<HttpResponseMessage> DeleteAsync(string path) => Client.DeleteAsync(new Uri(path, UriKind.Relative));

    internal async Task<HttpResponseMessage> PatchAsync(string id, string change, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"/jobs/{id}") { Content = Content(Encoding.UTF8.GetBytes(change), "application/json") };
        request.Headers.TryAddWithoutValidation("If-Match", ifMatch is null ? [] : [ifMatch]);
        return await Client.SendAsync(request);
    }

    internal Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(new Uri(path, UriKind.Relative));

    internal async Task<Job> JobAsync(string id) => await ReadAsync(await GetAsync($"/jobs/{id}"), WireJson.Default.Job);

    /// <summary>Puts jobs into a queue and lets each die at its first attempt.</summary>
    /// <returns>Their ids, longest dead first.</returns>
    internal async Task<string[]> DeadAsync(string queue, int count = 1, string errorType = "Boom", string fields = "\"priority\":9")
    {
        var ids = new string[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = (await ScheduleAsync(queue, fields)).Id;
            await SettleAsync(await ClaimOneAsync(queue), "nack", $$"""
                "error":"what","errorType":"{{errorType}}","dead":true
                """);
        }

        return ids;
    }

    internal async Task<ListJobs.Response> ListAsync(string queue, string state, string more = "") =>
        await ReadAsync(await GetAsync($"/jobs?queue={queue}&state={state}{more}"), WireJson.Default.ListJobsResponse);

    internal async Task<long> RedriveAsync(string queue, string body = "{}") =>
        (await ReadAsync(await PostAsync($"/queues/{queue}/redrive", body), WireJson.Default.RedriveJobsResponse)).Redriven;

    internal async Task<long> PurgeAsync(string queue, string state) =>
        (await ReadAsync(await PostAsync($"/queues/{queue}/purge", $$"""{"state":"{{state}}"}"""), WireJson.Default.PurgeQueueResponse)).Purged;

    /// <summary>POST without a body.</summary>
    internal Task<HttpResponseMessage> PostAsync(string path) => Client.PostAsync(new Uri(path, UriKind.Relative), null);

    internal async Task<GetQueue.Response> QueueAsync(string queue) => await ReadAsync(await GetAsync($"/queues/{queue}"), WireJson.Default.GetQueueResponse);

    /// <summary>Jobs made are those that are there and those that have ended, in one instant (S11).</summary>
    internal static void AssertAddsUp(GetQueue.Response c) => Assert.Equal(
        c.Totals.Created, c.Scheduled + c.Ready + c.Leased + c.Dead + c.Totals.Acked + c.Totals.Cancelled + c.Totals.Expired + c.Totals.Purged);

    /// <summary>PUT /queues/{queue}</summary>
    /// <param name="settings">As JSON, without the braces.</param>
    internal async Task<GetQueue.Response> SetQueueAsync(string queue, string settings)
    {
        var answer = await PutAsync($"/queues/{queue}", $"{{{settings}}}");
        return await ReadAsync(answer, WireJson.Default.GetQueueResponse, answer.StatusCode == HttpStatusCode.Created ? HttpStatusCode.Created : HttpStatusCode.OK);
    }

    /// <summary>Puts jobs into a queue in one call.</summary>
    internal async Task<IReadOnlyList<ScheduleJobs.Result>> BatchAsync(string queue, int count, Func<int, string>? fields = null) => (await ReadAsync(
        await PostAsync("/jobs/batch", $$"""{"jobs":[{{string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"queue":"{{queue}}","payload":{{i}}{{fields?.Invoke(i)}}}"""))}}]}"""),
        WireJson.Default.ScheduleJobsResponse)).Results;

    internal Task ReapAsync() => Service<Reaper>().RunOnceAsync(TestContext.Current.CancellationToken);

    /// <summary>Lets the reaper and the scheduler run by themselves, once what other tests have left is done.</summary>
    internal async Task StartLoopsAsync()
    {
        await ReapAsync();
        await FireAsync();
        var before = Scripts;
        await Task.WhenAll(Service<Reaper>().StartAsync(default), Service<Scheduler>().StartAsync(default));
        await UntilAsync(() => Scripts >= before + 2);
    }

    internal Task StopLoopsAsync() => Task.WhenAll(Service<Reaper>().StopAsync(default), Service<Scheduler>().StopAsync(default));

    internal Task FireAsync() => Service<Scheduler>().RunOnceAsync(TestContext.Current.CancellationToken);

    /// <summary>64 schedulers of two instances at once.</summary>
    internal Task FireTogetherAsync()
    {
        var other = new Scheduler(
            new ScheduleStore(Service<ScriptRunner>(), Service<Partitions>(), Service<Wakeups>(), Service<EmbeddedStore>()),
            Service<JobStore>(), Service<JobLimits>(), Clock, NullLogger<Scheduler>.Instance);
        return Task.WhenAll(Enumerable.Range(0, 64).Select(number => number % 2 == 0 ? FireAsync() : other.RunOnceAsync(TestContext.Current.CancellationToken)));
    }

    /// <summary>Every job stands in exactly the index that its record tells (S10).</summary>
    internal async Task AssertSoundAsync() => Assert.Empty(await FsckAsync(repair: false));

    /// <returns>What fsck has found: each fault as its kind and what it is of.</returns>
    internal async Task<string[]> FsckAsync(bool repair)
    {
        var faults = (await Service<Fsck>().RunAsync(repair)).Faults;
        return [.. faults.SelectMany(fault => fault.Examples.Select(example => $"{JsonNamingPolicy.KebabCaseLower.ConvertName($"{fault.Kind}")} {example}"))
            .Order(StringComparer.Ordinal)];
    }

    internal static async Task<T> ReadAsync<T>(HttpResponseMessage answer, JsonTypeInfo<T> type, HttpStatusCode status = HttpStatusCode.OK)
    {
        var body = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(status == answer.StatusCode, $"{(int)answer.StatusCode}: {Encoding.UTF8.GetString(body)}");
        return RawJson.Read(body, type)!;
    }

    /// <summary>A 400 that names the field or query parameter.</summary>
    internal static async Task AssertInvalidAsync(HttpResponseMessage answer, string field)
    {
        await AssertProblemAsync(answer, HttpStatusCode.BadRequest, "validation");
        Assert.Contains($"\"{field}\":[\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>An error of a stable type; never a 500.</summary>
    internal static async Task AssertProblemAsync(HttpResponseMessage answer, HttpStatusCode status, string type)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(status == answer.StatusCode, $"{(int)answer.StatusCode}: {body}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains($"\"type\":\"urn:delayqueue:problem:{type}\"", body, StringComparison.Ordinal);
        Assert.Contains("\"traceId\":\"", body, StringComparison.Ordinal);
    }

    /// <summary>Waits until something holds that another task brings about.</summary>
    internal static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, limit.Token);
        }
    }

    private static Exception Skipped()
    {
        Assert.Skip("There is no real Redis here: install redis-server, or set DELAYQUEUE_TEST_REDIS=host:port.");
        throw new InvalidOperationException();
    }
}

public sealed class EmbeddedApi(EmbeddedEngine engine) : Api(engine);

public sealed class RedisApi(RedisEngine engine) : Api(engine);

/// <summary>With jobs spread over partitions.</summary>
public sealed class PartitionedApi(RedisEngine engine) : Api(engine)
{
    public const int Partitions = 3;

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Store:Partitions"] = $"{Partitions}" };
}
