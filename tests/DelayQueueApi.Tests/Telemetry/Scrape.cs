using System.Globalization;
using System.Text.RegularExpressions;

namespace DelayQueueApi.Tests.Telemetry;

/// <summary>An answer of <c>/metrics</c>.</summary>
internal sealed partial class Scrape
{
    public Scrape(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (TypeOf().Match(line) is { Success: true } type)
            {
                Names.Add(type.Groups[1].Value);
            }
            else if (Sample().Match(line) is { Success: true } sample)
            {
                var labels = Label().Matches(sample.Groups[2].Value).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value);
                Samples.Add(new Series(sample.Groups[1].Value, labels, double.Parse(sample.Groups[3].Value, CultureInfo.InvariantCulture)));
            }
        }
    }

    /// <summary>Names as their TYPE lines tell them.</summary>
    public HashSet<string> Names { get; } = [];

    public List<Series> Samples { get; } = [];

    /// <summary>The sum of the series of a name that have these labels, written <c>name=value</c>; null where there is none.</summary>
    public double? this[string name, params string[] labels]
    {
        get
        {
            var found = Samples.Where(series => series.Name == name
                && labels.All(label => series.Labels.GetValueOrDefault(label.Split('=')[0]) == label.Split('=')[1])).ToArray();
            return found.Length == 0 ? null : found.Sum(series => series.Value);
        }
    }

    [GeneratedRegex(@"^# TYPE (\S+) ")]
    private static partial Regex TypeOf();

    [GeneratedRegex(@"^([a-z_:]+)(?:\{(.*)\})? (\S+)$")]
    private static partial Regex Sample();

    [GeneratedRegex("([a-z_]+)=\"([^\"]*)\"")]
    private static partial Regex Label();
}

internal sealed record Series(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    /// <summary>As Prometheus writes it, of an instance.</summary>
    public string Key => $"{Name}{{{string.Join(",", Labels.Append(new("instance", "a")).OrderBy(label => label.Key).Select(label => $"{label.Key}=\"{label.Value}\""))}}}";
}
