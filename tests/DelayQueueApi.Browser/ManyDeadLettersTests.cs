using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>#/queues/{queue}/dead with a hundred thousand of them.</summary>
public sealed class ManyDeadLettersTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    private const string Queue = "many-dead";

    private ILocator Groups => Main.GetByRole(AriaRole.Table, new() { Name = "Dead letters by error type" }).Locator("tbody tr");

    [Fact]
    public async Task All_are_counted_and_a_hundred_are_shown_by_few_calls()
    {
        await FillAsync();
        var calls = new ConcurrentQueue<string>();
        Page.Request += (_, request) => calls.Enqueue(new Uri(request.Url).AbsolutePath);

        await OpenAsync($"queues/{Queue}/dead");

        await Expect(Groups.First).ToContainTextAsync("timeout98,000");
        await Expect(Main.GetByRole(AriaRole.Table, new() { Name = "Jobs in state dead" }).Locator("tbody tr")).ToHaveCountAsync(100);
        Assert.InRange(calls.Count(path => path.EndsWith("/dead", StringComparison.Ordinal)), 1, 10);
        Assert.Single(calls, path => path == "/jobs");
    }

    [Fact]
    public async Task A_group_that_is_the_last_to_have_died_is_redriven_with_progress()
    {
        await FillAsync();
        await OpenAsync($"queues/{Queue}/dead");

        await Button("Redrive refused").ClickAsync();
        await Expect(Dialog).ToContainTextAsync("A dry run has found 1,000 jobs");
        await ConfirmAsync();

        await Expect(Main.Locator("progress")).ToBeVisibleAsync();
        await Expect(Main).ToContainTextAsync("Done: 1,000 jobs redriven.");
        Assert.Equal(1000, (int)(await GetAsync($"/queues/{Queue}"))["ready"]!);
    }

    [Fact]
    public async Task All_of_a_page_that_are_selected_are_purged()
    {
        await FillAsync();
        await OpenAsync($"queues/{Queue}/dead");
        await Groups.Filter(new() { HasText = "broken" }).GetByRole(AriaRole.Button).First.ClickAsync();

        await Main.GetByLabel("Select all 1,000").CheckAsync();
        await Button("Purge 1,000 …").ClickAsync();
        await ConfirmAsync();

        await SeeNoticeAsync($"1,000 jobs purged from {Queue}.");
        await Expect(Groups.Filter(new() { HasText = "broken" })).ToHaveCountAsync(0);
        await Expect(Groups.First).ToContainTextAsync("timeout98,000");
    }

    /// <summary>By whichever test is the first.</summary>
    private async Task FillAsync()
    {
        if (await StatusAsync($"/queues/{Queue}") == 200)
        {
            return;
        }

        for (var thousand = 0; thousand < 100; thousand++)
        {
            await ScheduleManyAsync(1000, _ => $"\"queue\":\"{Queue}\"");
            var claims = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PostAsync("/jobs/claim", $$"""{"queues":["{{Queue}}"],"limit":100}""")));
            var type = thousand switch { 98 => "broken", 99 => "refused", _ => "timeout" };
            var nacks = claims.SelectMany(claim => claim!["jobs"]!.AsArray()).Select(job => Nack(job!, type)).ToArray();
            Assert.Equal(1000, nacks.Length);
            await PostAsync("/jobs/settle", $$"""{"nacks":[{{string.Join(',', nacks)}}]}""");
        }
    }

    private static string Nack(JsonNode job, string type) =>
        $$"""{"id":"{{job["id"]}}","leaseToken":"{{job["lease"]!["token"]}}","error":"no answer","errorType":"{{type}}","dead":true}""";
}
