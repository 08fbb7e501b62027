using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>#/search, and the field for a job's id on every page.</summary>
public sealed class SearchTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    private readonly string queue = NewQueue();

    [Fact]
    public async Task Every_page_finds_a_job_by_its_id()
    {
        var id = await ScheduleAsync(queue);
        await OpenAsync("queues");

        await Page.GetByRole(AriaRole.Search).GetByLabel("Job id").FillAsync($" {id} ");
        await Page.Keyboard.PressAsync("Enter");

        await Expect(Main.GetByRole(AriaRole.Heading, new() { Name = id })).ToBeVisibleAsync();
        await Expect(Main.Locator(".badge")).ToHaveTextAsync("ready");
    }

    [Fact]
    public async Task The_field_for_an_id_takes_nothing_before_it_works()
    {
        var asked = new TaskCompletionSource<IRoute>(TaskCreationOptions.RunContinuationsAsynchronously);
        await Page.RouteAsync("**/whoami", asked.SetResult);
        await OpenAsync("queues");
        var first = await asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        var field = Page.GetByRole(AriaRole.Search).GetByLabel("Job id");

        await Expect(field).ToBeDisabledAsync();

        await first.ContinueAsync();
        await Expect(field).ToBeEnabledAsync();
    }

    [Fact]
    public async Task Jobs_are_found_by_metadata_in_all_states()
    {
        var waiting = await ScheduleAsync(queue, "\"metadata\":{\"tenant\":\"acme\"},\"delayMs\":3600000");
        var dead = await DieAsync(queue, fields: "\"metadata\":{\"tenant\":\"acme\"}");
        var other = await ScheduleAsync(queue, "\"metadata\":{\"tenant\":\"other\"}");
        await OpenAsync("search");

        await Main.GetByLabel("Queue").FillAsync(queue);
        await Main.GetByLabel("Metadata name").FillAsync("tenant");
        await Main.GetByLabel("is", new() { Exact = true }).FillAsync("acme");
        await Button("Search").ClickAsync();

        await Expect(Main).ToContainTextAsync("2 found.");
        await Expect(Row(waiting)).ToContainTextAsync("scheduled");
        await Expect(Row(dead)).ToContainTextAsync("dead");
        await Expect(Row(other)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_search_stops_after_a_hundred_and_goes_on_when_told()
    {
        await ScheduleManyAsync(150, _ => $"\"queue\":\"{queue}\",\"metadata\":{{\"tenant\":\"acme\"}}");
        await OpenAsync($"search?queue={queue}&name=tenant&value=acme&state=ready");
        await Expect(Main).ToContainTextAsync("100 found so far.");

        await Button("Look further").ClickAsync();

        await Expect(Main).ToContainTextAsync("150 found.");
    }
}
