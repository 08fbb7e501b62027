using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>What is refused leaves nothing behind.</summary>
public sealed partial class FloodTests
{
    private const int AtOnce = 32;
    private const double MostGrowth = 128 * 1024 * 1024;

    private static readonly string[] Bodies =
    [
        new('[', 1_000_000),
        $$"""{"payload":1,"metadata":{ {{string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"k{i}\":\"\""))}} } }""",
        $$"""{"payload":"{{new string('x', 3_000_000)}}"}""",
        $$"""{"payload":1,"delayMs":{{new string('9', 1_000_000)}}}""",
        $$"""{"payload":1,"queue":"{{new string('q', 1_000_000)}}"}""",
    ];

    [Fact]
    public async Task Memory_stays_flat_however_much_is_refused()
    {
        await using var service = ServiceProcess.OnEmbedded();
        await service.StartAsync();
        await FloodAsync(service, rounds: 4);
        var before = await MemoryAsync(service);

        await FloodAsync(service, rounds: 16);

        Assert.InRange(await MemoryAsync(service), 0, before + MostGrowth);
        Assert.Equal(0, (await service.FsckAsync()).Found);
    }

    private static async Task FloodAsync(ServiceProcess service, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async i =>
            {
                using var content = new StringContent(Bodies[i % Bodies.Length], Encoding.UTF8, "application/json");
                try
                {
                    using var answer = await service.Client.PostAsync(new Uri("/jobs", UriKind.Relative), content);
                    Assert.InRange((int)answer.StatusCode, 400, 499);
                }
                catch (HttpRequestException)
                {
                    // The connection of a body that is too large is closed, maybe before its answer is read.
                }
            }));
        }
    }

    private static async Task<double> MemoryAsync(ServiceProcess service)
    {
        var metrics = await service.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return double.Parse(WorkingSet().Match(metrics).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^dotnet_process_memory_working_set_bytes(?:\{[^}]*\})? ([0-9.e+]+)", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex WorkingSet();
}
