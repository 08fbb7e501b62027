using System.Diagnostics;
using System.Globalization;
using System.Text;
using DelayQueueApi.Tests.Contract;

namespace DelayQueueApi.Tests.Telemetry;

/// <summary>deploy/alerts.yaml as Prometheus evaluates it, by promtool, over what was scraped.</summary>
internal static class Alerts
{
    private static readonly string Rules = Path.Combine(Repository.Root, "deploy/alerts.yaml");

    /// <summary>Skips the test where promtool is not there.</summary>
    public static string Tool { get; } = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists) ?? "";

    /// <summary>Fails unless exactly these alerts fire at the end.</summary>
    /// <param name="history">Scrapes, and for how many minutes each is what Prometheus sees.</param>
    /// <param name="queue">Series of other queues are left out.</param>
    /// <param name="expected">Alert, severity and further labels, as <c>DelayQueueStuck critical queue="mail"</c>.</param>
    public static async Task AssertFiringAsync(IReadOnlyList<(Scrape Scrape, int Minutes)> history, string queue, params string[] expected)
    {
        Assert.SkipWhen(Tool.Length == 0, "There is no promtool here: install prometheus.");
        var test = new StringBuilder($"rule_files: ['{Rules}']\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n");
        foreach (var key in history.SelectMany(step => Keys(step.Scrape, queue)).Distinct())
        {
            var values = history.Select(step => Find(step.Scrape, key) is { } value
                ? $"{value.ToString(CultureInfo.InvariantCulture)}+0x{step.Minutes - 1}" : $"_x{step.Minutes}");
            test.Append(CultureInfo.InvariantCulture, $"      - series: '{key}'\n        values: '{string.Join(' ', values)}'\n");
        }

        test.Append(CultureInfo.InvariantCulture, $"    promql_expr_test:\n      - expr: 'ALERTS{{alertstate=\"firing\"}}'\n        eval_time: {history.Sum(step => step.Minutes) - 1}m\n        exp_samples:\n");
        foreach (var parts in expected.Select(alert => alert.Split(' ', 3)))
        {
            var more = parts.Length > 2 ? $",{parts[2]}" : "";
            test.Append(CultureInfo.InvariantCulture, $"          - labels: 'ALERTS{{alertname=\"{parts[0]}\",alertstate=\"firing\",severity=\"{parts[1]}\"{more}}}'\n            value: 1\n");
        }

        await RunAsync("test", "rules", test.ToString());
    }

    /// <summary>Fails where promtool finds something wrong with the rules themselves.</summary>
    public static async Task AssertValidAsync()
    {
        Assert.SkipWhen(Tool.Length == 0, "There is no promtool here: install prometheus.");
        await RunAsync("check", "rules", await File.ReadAllTextAsync(Rules));
    }

    private static async Task RunAsync(string command, string what, string text)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, text);
        using var tool = Process.Start(new ProcessStartInfo(Tool, [command, what, file]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var (said, wrong) = (tool.StandardOutput.ReadToEndAsync(), tool.StandardError.ReadToEndAsync());
        await tool.WaitForExitAsync();
        File.Delete(file);
        Assert.True(tool.ExitCode == 0, $"{await said}{await wrong}");
    }

    private static IEnumerable<string> Keys(Scrape scrape, string queue) => scrape.Samples
        .Where(series => series.Name.StartsWith("delayqueue_", StringComparison.Ordinal) && series.Labels.GetValueOrDefault("queue", queue) == queue)
        .Select(series => series.Key);

    private static double? Find(Scrape scrape, string key) => scrape.Samples.Find(series => series.Key == key)?.Value;
}
