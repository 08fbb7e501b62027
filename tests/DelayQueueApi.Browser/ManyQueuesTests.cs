using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>#/queues with ten thousand of them.</summary>
public sealed class ManyQueuesTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    [Fact]
    public async Task It_shows_a_hundred_at_a_time_and_finds_any()
    {
        for (var thousand = 0; thousand < 10; thousand++)
        {
            await ScheduleManyAsync(1000, i => $"\"queue\":\"many-{thousand}{i:000}\"");
        }

        await OpenAsync("queues");
        await Expect(Main).ToContainTextAsync("1 to 100 of 10,000 queues");
        await Expect(Main.Locator("tbody tr")).ToHaveCountAsync(100);

        await Button("Further").ClickAsync();
        await Expect(Row("many-0100")).ToBeVisibleAsync();
        await Main.GetByLabel("Name has").FillAsync("many-9999");

        await Expect(Main.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(Row("many-9999")).ToBeVisibleAsync();
    }
}
