using System.Collections.Concurrent;
using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Jobs;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>#/queues/{queue}/dead with a hundred thousand of them.</summary>
public sealed class ManyDeadLettersTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    private const string Queue = "many-dead";
    private const int MostCopies = 1000;

    /// <summary>Makes copies of a dead job under ids with numbers in them; twenty each ms have died, before it.</summary>
    private static readonly Script CopyScript = new("CopyDeadJob", Script.Load("Store/Prelude.lua").Text + Script.Load("Store/Work.lua").Text + """
        local queue, id, first, copies = queues[1], ARGV[arg], tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
        load({ id })
        for i = first, first + copies - 1 do
          local copy = readJob(sub(id, 1, 11) .. sub(u32(i), 2), loaded[id].record)
          copy.at = copy.at - floor(i / 20)
          add(copy, queue)
          for _, what in ipairs({ 'created', 'claimed', 'nacked', 'died' }) do count(queue, what, copy.id, copy.counts) end
        end
        flush()
        return copies
        """);

    private ILocator Groups => Main.GetByRole(AriaRole.Table, new() { Name = "Dead letters by error type" }).Locator("tbody tr");

    [Fact]
    public async Task All_are_counted_by_few_calls_and_a_group_is_redriven_with_progress()
    {
        await FillAsync();
        var calls = new ConcurrentQueue<string>();
        Page.Request += (_, request) => calls.Enqueue(new Uri(request.Url).AbsolutePath);

        await OpenAsync($"queues/{Queue}/dead");
        await Expect(Groups.First).ToContainTextAsync("timeout99,800");

        await Expect(Main.GetByRole(AriaRole.Table, new() { Name = "Jobs in state dead" }).Locator("tbody tr")).ToHaveCountAsync(100);
        Assert.InRange(calls.Count(path => path.EndsWith("/dead", StringComparison.Ordinal)), 1, 10);
        Assert.Single(calls, path => path == "/jobs");

        await Button("Redrive refused").ClickAsync();
        await Expect(Dialog).ToContainTextAsync("A dry run has found 200 jobs");
        await ConfirmAsync();

        await Expect(Main.Locator("progress")).ToBeVisibleAsync();
        await Expect(Main).ToContainTextAsync("Done: 200 jobs redriven.");
        Assert.Equal(200, (int)(await GetAsync($"/queues/{Queue}"))["ready"]!);
    }

    /// <summary>One job of each type dies, and the store copies it.</summary>
    private async Task FillAsync()
    {
        foreach (var (type, count) in ((string, int)[])[("timeout", 99_800), ("refused", 200)])
        {
            var id = new JobId(await DieAsync(Queue, type)).Stored!;
            for (var copies = 1; copies < count; copies += MostCopies)
            {
                await CopyAsync(id, copies, Math.Min(MostCopies, count - copies));
            }
        }
    }

    private async Task CopyAsync(byte[] id, int first, int count)
    {
        var call = new ScriptCall(Part<Partitions>().First);
        call.Queue($"default/{Queue}");
        await Part<ScriptRunner>().RunAsync(CopyScript, call.Add(id, first, count));
    }
}
