using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Telemetry;

/// <summary>The service with its metrics: each scrape reads the queues anew.</summary>
public class WatchedApi(RedisEngine engine) : Api(engine)
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Telemetry:QueuesEveryMs"] = "0",
        ["Logging:LogLevel:DelayQueueApi.Telemetry"] = "Debug",
    };

    internal async Task<Scrape> ScrapeAsync() =>
        new(await Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken));
}

/// <summary>Where only two queues have labels of their own.</summary>
public sealed class FewLabelsApi(RedisEngine engine) : WatchedApi(engine)
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Telemetry:QueueLabels"] = "2" };
}
