using System.Text.Json;
using System.Text.RegularExpressions;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;
using DelayQueueApi.Tests.Contract;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace DelayQueueApi.Tests.Telemetry;

/// <summary>docs/metrics.md, the dashboard and the alerts speak of what there is.</summary>
public sealed partial class MetricsDocumentTests(RealService service) : IClassFixture<RealService>
{
    private static readonly Dictionary<string, string> Documented = File.ReadLines(Path.Combine(Repository.Root, "docs/metrics.md"))
        .Select(line => Row().Match(line)).Where(row => row.Success).ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value);

    [Fact]
    public async Task Every_metric_and_label_is_documented_and_every_documented_metric_is_there()
    {
        var scrape = await ScrapeAsync();

        Assert.Equal(Documented.Keys.Order(), scrape.Names.Order());
        Assert.All(
            scrape.Samples.Where(series => series.Name != "target_info"),
            series => Assert.All(series.Labels.Keys.Except(["le"]), label => Assert.Contains($"`{label}`", Documented[Base(series.Name)], StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("deploy/grafana.json", 30)]
    [InlineData("deploy/alerts.yaml", 9)]
    [InlineData("docs/operations.md", 1)]
    public void What_is_built_on_metrics_uses_those_that_there_are(string file, int least)
    {
        var used = Metric().Matches(File.ReadAllText(Path.Combine(Repository.Root, file))).Select(name => Base(name.Value)).ToArray();

        Assert.True(used.Length >= least);
        Assert.Empty(used.Except(Documented.Keys));
    }

    [Fact]
    public void Every_alert_has_its_place_in_the_runbook_and_every_place_its_alert()
    {
        var alerts = File.ReadAllText(Path.Combine(Repository.Root, "deploy/alerts.yaml"));
        var runbook = File.ReadAllText(Path.Combine(Repository.Root, "docs/operations.md"));

        var names = Alert().Matches(alerts).Select(alert => alert.Groups[1].Value).ToArray();

        Assert.Equal(names.Select(name => $"docs/operations.md#{name.ToLowerInvariant()}"), Runbook().Matches(alerts).Select(link => link.Groups[1].Value));
        Assert.Equal(names.Order(), Heading().Matches(runbook).Select(heading => heading.Groups[1].Value).Order());
    }

    [Fact]
    public void Panels_of_the_dashboard_have_titles_and_places_of_their_own()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "deploy/grafana.json")));

        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToArray();

        Assert.Distinct(panels.Select(panel => panel.GetProperty("id").GetInt32()));
        Assert.Distinct(panels.Select(panel => panel.GetProperty("title").GetString()));
        Assert.Distinct(panels.Select(panel => (panel.GetProperty("gridPos").GetProperty("x").GetInt32(), panel.GetProperty("gridPos").GetProperty("y").GetInt32())));
    }

    private async Task<Scrape> ScrapeAsync()
    {
        using var client = new HttpClient { BaseAddress = service.Address };
        using var body = Api.Content("""{"queue":"documented","payload":1}"""u8.ToArray(), "application/json");
        using var claim = Api.Content("""{"queues":["documented"]}"""u8.ToArray(), "application/json");
        (await client.PostAsync(new Uri("/jobs", UriKind.Relative), body, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        var claimed = await client.PostAsync(new Uri("/jobs/claim", UriKind.Relative), claim, TestContext.Current.CancellationToken);
        using var jobs = JsonDocument.Parse(await claimed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var job = jobs.RootElement.GetProperty("jobs")[0];
        using var token = Api.Content(
            JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string?> { ["leaseToken"] = job.GetProperty("lease").GetProperty("token").GetString() }), "application/json");
        (await client.PostAsync(new Uri($"/jobs/{job.GetProperty("id").GetString()}/ack", UriKind.Relative), token, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        service.Services.GetRequiredService<StoreMetrics>().Failed(new StoreException(Applied.No, "For once."));
        return new Scrape(await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    private static string Base(string name) => Documented.ContainsKey(name) ? name : Part().Replace(name, "");

    /// <summary>A row of the tables: name for OpenTelemetry, for Prometheus, kind, labels.</summary>
    [GeneratedRegex(@"^\| (?:`[a-z._]+`|resource) \| `([a-z_]+)` \| [^|]+ \|([^|]*)\|")]
    private static partial Regex Row();

    [GeneratedRegex(@"\b(delayqueue|messaging|http|kestrel|dotnet)_(?!operation_name|destination_name|system|route|request_method|response_status)[a-z_]+\b")]
    private static partial Regex Metric();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Part();

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex(@"runbook: (\S+)")]
    private static partial Regex Runbook();

    [GeneratedRegex(@"(?m)^### (DelayQueue\w+)\s*$")]
    private static partial Regex Heading();
}
