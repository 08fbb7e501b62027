using System.Text.RegularExpressions;

namespace DelayQueueApi.Tests.Contract;

/// <summary>Every script says what it does, takes, answers and costs, and touches declared keys only.</summary>
public sealed partial class ScriptHeaderTests
{
    private static readonly string Source = Path.Combine(Repository.Root, "src", "DelayQueueApi");

    public static TheoryData<string> Scripts => [.. Directory.EnumerateFiles(Source, "*.lua", SearchOption.AllDirectories)
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
        .Select(path => Path.GetRelativePath(Source, path).Replace('\\', '/'))];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Its_header_is_whole_and_names_a_caller_that_exists(string script)
    {
        var text = File.ReadAllText(Path.Combine(Source, script));
        if (!text.StartsWith("-- include", StringComparison.Ordinal))
        {
            Assert.Contains("Stands before", text, StringComparison.Ordinal);
            return;
        }

        Assert.All(["-- KEYS", "-- ARGV", "-- Returns", "-- Cost"], part => Assert.Contains(part, text, StringComparison.Ordinal));
        var caller = Caller().Match(text.Replace("\n-- ", " ", StringComparison.Ordinal));
        Assert.True(caller.Success, "It does not say who calls it.");
        var file = Directory.EnumerateFiles(Source, caller.Groups["type"].Value + ".cs", SearchOption.AllDirectories).Single();
        var code = File.ReadAllText(file);
        Assert.Contains($"\"{script}\"", code, StringComparison.Ordinal);
        Assert.Contains(caller.Groups["method"].Value, code, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void It_keeps_to_what_both_engines_do_alike(string script)
    {
        var code = Comments().Replace(File.ReadAllText(Path.Combine(Source, script)), "");

        Assert.DoesNotMatch(@"\b(struct|cjson|cmsgpack|getn|SPUBLISH|redis\.pcall)\b|\.ok\b|tostring\(", code);
        Assert.DoesNotMatch(@"call\('[A-Z]+',\s*'", code);
    }

    [GeneratedRegex(@"Called by (?<type>\w+)(\.(?<method>\w+))?\.")]
    private static partial Regex Caller();

    [GeneratedRegex("--.*")]
    private static partial Regex Comments();
}
