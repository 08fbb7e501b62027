using System.Collections.Concurrent;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Extensions.Logging;

namespace DelayQueueApi.Tests.Telemetry;

public sealed class LogsTests : IClassFixture<WatchedApi>, IDisposable
{
    private readonly WatchedApi api;
    private readonly string queue = Api.NewQueue();
    private readonly Capture log = new();

    public LogsTests(WatchedApi api)
    {
        this.api = api;
        api.Service<ILoggerFactory>().AddProvider(log);
    }

    public void Dispose() => log.Dispose();

    [Fact]
    public async Task Each_change_of_state_is_a_line_at_debug()
    {
        var job = await api.LeasedAsync(queue);
        await api.SettleAsync(job, "nack", "\"delayMs\":0");
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");

        Assert.Equal(
            ["none → pending", "pending → leased", "leased → pending", "pending → leased", "leased → gone"],
            log.Lines.Where(line => line.Level == LogLevel.Debug && line.Text.Contains(job.Id, StringComparison.Ordinal))
                .Select(line => line.Text.Split(": ")[1].TrimEnd('.')));
    }

    [Fact]
    public async Task Leases_that_end_are_warnings_with_the_jobs()
    {
        var jobs = new[] { await api.LeasedAsync(queue), await api.LeasedAsync(queue) };
        api.Advance(60_000);
        await api.ReapAsync();

        var line = Assert.Single(log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains(queue, StringComparison.Ordinal));
        Assert.All(jobs, job => Assert.Contains(job.Id, line.Text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("leases of their last attempts", "\"maxAttempts\":1", "")]
    [InlineData("its last attempt has failed", "\"maxAttempts\":1", "{}")]
    [InlineData("its worker says so", "", "{\"dead\":true}")]
    public async Task Dead_letters_are_warnings_that_say_why(string why, string fields, string nack)
    {
        var job = await api.LeasedAsync(queue, fields);
        if (nack.Length > 0)
        {
            await api.SettleAsync(job, "nack", nack.Trim('{', '}'));
        }
        else
        {
            api.Advance(60_000);
            Assert.Empty(await api.ClaimAsync(queue));
        }

        var line = Assert.Single(log.Lines, line => line.Level == LogLevel.Warning);
        Assert.Contains(job.Id, line.Text, StringComparison.Ordinal);
        Assert.Contains(why, line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_comes_too_late_is_a_warning()
    {
        var job = await api.LeasedAsync(queue);
        api.Advance(60_000);
        await api.SettleAsync(job, "ack");

        Assert.Contains(log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains($"The ack of job {job.Id}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Payloads_tokens_and_keys_are_in_no_line()
    {
        await api.PostWithKeyAsync($"key-{queue}", $$"""{"queue":"{{queue}}","payload":"payload-{{queue}}","unique":{"key":"unique-{{queue}}"},"metadata":{"a":"metadata-{{queue}}"},"maxAttempts":1}""");
        var job = await api.ClaimOneAsync(queue);
        api.Advance(60_000);
        await api.ReapAsync();
        await api.SettleAsync(job, "ack", $"\"result\":\"result-{queue}\"");

        var all = string.Join('\n', log.Lines.Select(line => line.Text));
        Assert.Contains(job.Id, all, StringComparison.Ordinal);
        Assert.All(
            [job.Lease.Token, $"key-{queue}", $"payload-{queue}", $"unique-{queue}", $"metadata-{queue}", $"result-{queue}"],
            secret => Assert.DoesNotContain(secret, all, StringComparison.Ordinal));
    }

    private sealed class Capture : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue((logLevel, formatter(state, exception)));

        public void Dispose()
        {
            // It holds nothing.
        }
    }
}
