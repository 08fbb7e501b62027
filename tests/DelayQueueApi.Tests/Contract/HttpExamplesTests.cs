using System.Diagnostics;
using System.Text.RegularExpressions;
using DelayQueueApi.Tests.Hosting;
using DelayQueueApi.Tests.Security;

namespace DelayQueueApi.Tests.Contract;

/// <summary>Everything in http-examples works as it stands, and shows every call.</summary>
public sealed class HttpExamplesTests(ServiceWithEvents service) : IClassFixture<ServiceWithEvents>
{
    private static readonly string Folder = Path.Combine(Repository.Root, "http-examples");

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder, "*.http").Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_request_is_answered_as_it_says_and_leaves_no_job_behind(string file)
    {
        using var client = new HttpClient { BaseAddress = service.Address };

        Assert.True(await new HttpFile(Path.Combine(Folder, file)).SendAsync(client) > 0);
        // The file has cleaned up after itself, so it can be sent again.
        Assert.True(await new HttpFile(Path.Combine(Folder, file)).SendAsync(client) > 0);
    }

    [Fact]
    public void Every_call_of_the_API_has_an_example()
    {
        var examples = string.Join('\n', Directory.EnumerateFiles(Folder, "*.http").Select(File.ReadAllText));
        var method = "";
        var calls = new List<string>();
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "openapi.yaml")).TakeWhile(line => line != "components:"))
        {
            if (Regex.Match(line, "^  '?(/[^':]*)'?:$") is { Success: true } path)
            {
                method = path.Groups[1].Value;
            }
            else if (Regex.Match(line, "^    (get|put|post|patch|delete):$") is { Success: true } verb)
            {
                calls.Add($"{verb.Groups[1].Value.ToUpperInvariant()} {method}");
            }
        }

        Assert.NotEmpty(calls);
        Assert.All(calls, call => Assert.Matches($"(?m)^{Regex.Replace(Regex.Escape(call).Replace(" /", " {{host}}/", StringComparison.Ordinal), @"\\\{\w+}", "[^/\\n]+")}(\\?.*)?$", examples));
    }

    [Fact]
    public Task The_shell_script_walks_through_a_job_s_life() => WalkAsync(service.Address, key: null);

    [Fact]
    public async Task The_shell_script_sends_its_key()
    {
        await using var keyed = new ServiceWithAKey();

        await WalkAsync(keyed.Address, keyed.Key.Text);
    }

    private static async Task WalkAsync(Uri address, string? key)
    {
        using var script = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Folder, "curl.sh"), address.OriginalString])
        {
            Environment = { ["KEY"] = key },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = script.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await script.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(script.ExitCode == 0, output + await error);
        Assert.EndsWith("All answers were as they should be.\n", output, StringComparison.Ordinal);
    }

    private sealed class ServiceWithAKey : RealService
    {
        public TestKey Key { get; } = new("curl", "produce,consume,read");

        protected override IReadOnlyDictionary<string, string> Settings => Key.Entry.ToDictionary(entry => $"Security:Keys:0:{entry.Key}", entry => entry.Value);
    }
}

/// <summary>As the examples ask for it.</summary>
public sealed class ServiceWithEvents : RealService
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Events:Kept"] = "10000" };
}
