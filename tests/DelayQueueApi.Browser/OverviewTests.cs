using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>#/: everything together.</summary>
public sealed class OverviewTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    [Fact]
    public async Task It_counts_the_jobs_of_all_queues_and_goes_on_counting()
    {
        await OpenAsync("");
        await Expect(Fact("Scheduled")).ToHaveTextAsync("0");

        await ScheduleAsync(NewQueue(), "\"delayMs\":3600000");
        await ScheduleAsync(NewQueue(), "\"delayMs\":3600000");

        await Expect(Fact("Scheduled")).ToHaveTextAsync("2");
    }

    [Fact]
    public async Task Its_charts_draw_a_line_a_state_that_can_be_switched_off()
    {
        await OpenAsync("");
        await Expect(Main.Locator(".chart canvas")).ToHaveCountAsync(2);

        await Button("Dead").ClickAsync();

        await Expect(Button("Dead")).ToHaveAttributeAsync("aria-pressed", "false");
        await Expect(Main.Locator(".chart .u-legend")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task It_tells_what_the_store_promises()
    {
        await OpenAsync("");

        await Expect(Fact("Store")).ToHaveTextAsync($"embedded {(await GetAsync("/info"))["store"]!["version"]}");
        await Expect(Fact("Durability")).ToContainTextAsync("fsync-always");
    }

    [Fact]
    public async Task Warnings_of_the_store_are_shown()
    {
        await Page.RouteAsync("**/info", route => route.FulfillAsync(new()
        {
            Json = new { version = "1", store = new { kind = "redis", version = "7", durability = "memory", warnings = (string[])["The append-only file is off."] } },
        }));

        await OpenAsync("");

        await Expect(Main.Locator(".warning")).ToHaveTextAsync("The append-only file is off.");
    }

    [Fact]
    public async Task Leases_that_run_out_are_red()
    {
        var queue = NewQueue();
        await ScheduleAsync(queue);
        await ClaimAsync(queue, "\"leaseMs\":1000");
        await ClaimAsync(queue, "\"waitMs\":60000");

        await OpenAsync("");

        await Expect(Row(queue).Locator(".bad")).ToContainTextAsync("leases a minute run out");
        await Expect(Main.Locator(".tile.bad", new() { HasText = "Leases expired" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_wait_that_grows_is_red()
    {
        var queue = NewQueue();
        await Page.Clock.InstallAsync();
        var oldestMs = 60_000;
        await Page.RouteAsync("**/queues?*", async route =>
        {
            var answer = await route.FetchAsync();
            var queues = JsonNode.Parse(await answer.TextAsync())!;
            foreach (var each in queues["queues"]!.AsArray())
            {
                each!["oldestReadyMs"] = oldestMs += 1000;
                each["workers"]!.AsArray().Add(JsonNode.Parse("""{"seenAt":"2030-01-01T00:00:00.000Z"}"""));
            }

            await route.FulfillAsync(new() { Response = answer, Body = queues.ToJsonString() });
        });
        await ScheduleAsync(queue);
        await OpenAsync("");
        await Expect(Fact("Oldest ready")).ToContainTextAsync("min");

        await Page.Clock.FastForwardAsync(6000);
        await Page.Clock.FastForwardAsync(6000);

        await Expect(Row(queue).Locator(".bad")).ToContainTextAsync("longer and longer");
        await Expect(Main.Locator(".tile.bad", new() { HasText = "Oldest ready" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_way_to_Swagger_UI_is_there()
    {
        await OpenAsync("");

        await Page.GetByRole(AriaRole.Link, new() { Name = "Swagger UI" }).ClickAsync();

        await Expect(Page).ToHaveURLAsync(new Regex("/swagger/index.html$"));
        Foreseen = "swagger"; // What Swagger UI says of itself is not the dashboard's.
    }
}
