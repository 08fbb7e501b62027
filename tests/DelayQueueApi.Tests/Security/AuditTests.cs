using System.Collections.Concurrent;
using System.Net;
using DelayQueueApi.Security;
using DelayQueueApi.Tests.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace DelayQueueApi.Tests.Security;

/// <summary>What is written down of who did what.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<(string Category, LogLevel Level, string Text)> logs = [];
    private readonly WebApplicationFactory<Program> service;
    private readonly HttpClient client;
    private readonly string queue = Api.NewQueue();

    public AuditTests(EmbeddedEngine engine)
    {
        var host = new ApiHost(engine.ConnectionString!, $"audit{Environment.ProcessId}-{queue}", new FakeTimeProvider(), TestKeys.Settings);
        service = host.WithWebHostBuilder(builder => builder.ConfigureTestServices(services =>
            services.AddLogging(logging => logging.AddProvider(new Memory(logs)).SetMinimumLevel(LogLevel.Trace).AddFilter(null, LogLevel.Trace))));
        client = service.CreateClient();
    }

    private IEnumerable<string> Audited => logs.Where(log => log.Category == typeof(Audit).FullName).Select(log => $"{log.Level}: {log.Text}");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await service.DisposeAsync();
    }

    [Fact]
    public async Task What_operators_do_is_noted_with_who_and_how_it_went()
    {
        await SendAsync("POST", $"/queues/{queue}/pause", TestKeys.Admin.Text);
        await SendAsync("POST", $"/queues/{queue}/purge", TestKeys.All.Text, "{\"state\":\"dead\"}");

        Assert.Equal(
            [$"Information: a of default did PauseQueue at /queues/{queue}/pause from -: 204", $"Information: all of default did PurgeQueue at /queues/{queue}/purge from -: 200"],
            Audited);
    }

    [Fact]
    public async Task Who_is_refused_is_noted()
    {
        await SendAsync("POST", $"/queues/{queue}/pause", TestKeys.Read.Text);
        await SendAsync("POST", "/jobs", TestKeys.Mine.Text, "{\"queue\":\"theirs\",\"payload\":1}");
        await SendAsync("GET", "/queues", "dq_read_nonsense");

        Assert.Equal(
            [
                $"Warning: r of default was refused PauseQueue at /queues/{queue}/pause from -: 403",
                "Warning: mine of default was refused ScheduleJob at /jobs from -: 403",
                "Warning: unknown of - was refused ListQueues at /queues from -: 401",
            ],
            Audited);
    }

    [Fact]
    public async Task Items_that_are_refused_are_noted_together()
    {
        await SendAsync("POST", "/jobs/batch", TestKeys.Mine.Text,
            """{"jobs":[{"queue":"theirs","payload":1},{"queue":"mine-1","payload":1},{"queue":"his","payload":1},{"queue":"theirs","payload":1}]}""");
        await SendAsync("POST", "/jobs/batch", TestKeys.Mine.Text, """{"jobs":[{"queue":"mine-1","payload":1}]}""");

        Assert.Equal(["Warning: mine of default was refused 3 items of ScheduleJobs at /jobs/batch from -: queues his, theirs"], Audited);
    }

    [Fact]
    public async Task No_log_of_any_kind_has_a_key_in_it()
    {
        var secret = TestKeys.All.Text["dq_all_".Length..];
        await SendAsync("GET", "/queues", TestKeys.All.Text);
        await SendAsync("GET", "/queues", TestKeys.All.Text + "x");
        await SendAsync("GET", "/queues", "x" + TestKeys.All.Text);
        await SendAsync("POST", $"/queues/{queue}/pause", TestKeys.All.Text);
        await SendAsync("GET", $"/jobs/{TestKeys.All.Text}", TestKeys.Consume.Text);

        Assert.NotEmpty(Audited);
        Assert.DoesNotContain(logs, log => log.Category.StartsWith(nameof(DelayQueueApi), StringComparison.Ordinal) && log.Text.Contains(secret, StringComparison.Ordinal));
        // The framework's own logs of addresses are off, as appsettings.json has it; those of headers do not exist.
        Assert.DoesNotContain(logs, log => log.Text.Contains(secret, StringComparison.Ordinal) && !log.Text.Contains($"/jobs/{TestKeys.All.Text}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a\nb", "a\\u{a}b")]
    [InlineData("a\r\u001b[31mb\u0085", "a\\u{d}\\u{1b}[31mb\\u{85}")]
    [InlineData("a\u2028\u202eb", "a\\u{2028}\\u{202e}b")]
    [InlineData("/jobs/dq_a_secret/ack", "/jobs/dq_…/ack")]
    [InlineData("größe", "größe")]
    [InlineData(null, "")]
    public void What_a_caller_gives_stays_in_one_line_and_shows_no_key(string? text, string plain) => Assert.Equal(plain, Audit.Plain(text));

    [Fact]
    public void What_a_caller_gives_is_cut() => Assert.Equal(256, Audit.Plain(new string('x', 10_000)).Length);

    private async Task<HttpStatusCode> SendAsync(string method, string path, string key, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        request.Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        return (await client.SendAsync(request)).StatusCode;
    }

    private sealed class Memory(ConcurrentQueue<(string, LogLevel, string)> logs) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new Of(categoryName, logs);

        public void Dispose()
        {
        }

        private sealed class Of(string category, ConcurrentQueue<(string, LogLevel, string)> logs) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                logs.Enqueue((category, logLevel, formatter(state, exception) + exception));
        }
    }
}
