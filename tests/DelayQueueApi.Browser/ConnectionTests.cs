using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>What the dashboard does while the service is away, and while nobody looks.</summary>
public sealed class ConnectionTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    private ILocator Banner => Page.Locator("#away");

    [Fact]
    public async Task It_says_that_the_service_is_away_and_goes_on_once_it_is_back()
    {
        Foreseen = "net::ERR_FAILED";
        var queue = NewQueue();
        await ScheduleAsync(queue);
        await OpenAsync("queues");
        await Expect(Row(queue)).ToBeVisibleAsync();

        await Page.RouteAsync("**/queues?limit=*", route => route.AbortAsync());
        await Expect(Banner).ToContainTextAsync("The service does not answer.");
        await Expect(Row(queue)).ToBeVisibleAsync();
        await Page.UnrouteAllAsync();

        await Expect(Banner).ToBeHiddenAsync();
    }

    [Theory]
    [InlineData(429, """{"type":"urn:delayqueue:problem:rate-limited","title":"Too many requests.","status":429,"traceId":"1"}""")]
    [InlineData(200, "<p>A proxy says that something is wrong.</p>")]
    public async Task It_goes_on_once_it_is_answered_again(int status, string body)
    {
        Foreseen = "429";
        var queue = NewQueue();
        await Page.RouteAsync("**/queues?limit=*", route => route.FulfillAsync(new() { Status = status, ContentType = "application/json", Body = body }));
        await OpenAsync("queues");
        await Expect(Banner).ToBeVisibleAsync();
        await ScheduleAsync(queue);

        await Page.UnrouteAllAsync();

        await Expect(Row(queue)).ToBeVisibleAsync();
        await Expect(Banner).ToBeHiddenAsync();
    }

    [Fact]
    public async Task It_says_what_the_service_says_of_its_store()
    {
        Foreseen = "503";
        await Page.RouteAsync("**/queues?limit=*", route => route.FulfillAsync(new()
        {
            Status = 503,
            ContentType = "application/problem+json",
            Body = """{"type":"urn:delayqueue:problem:store-unavailable","title":"Away","status":503,"detail":"The store cannot be reached.","applied":"no","traceId":"1"}""",
        }));

        await OpenAsync("queues");

        await Expect(Banner).ToContainTextAsync("The store cannot be reached.");
    }

    [Fact]
    public async Task It_asks_nothing_while_the_tab_is_hidden()
    {
        await Page.Clock.InstallAsync();
        await OpenAsync("queues");
        await Expect(Main).ToContainTextAsync("queue");
        var asked = 0;
        Page.Request += (_, _) => asked++;

        await SetHiddenAsync(true);
        await Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        asked = 0;
        await Page.Clock.RunForAsync(60_000);
        Assert.Equal(0, asked);

        await Page.RunAndWaitForRequestAsync(() => SetHiddenAsync(false), request => request.Url.Contains("/queues?", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Unknown_addresses_lead_back()
    {
        await OpenAsync("nowhere");
        await Expect(Main).ToContainTextAsync("No such page");

        await Main.GetByRole(AriaRole.Link).ClickAsync();

        await Expect(Main.Locator("h1")).ToHaveTextAsync("Overview");
    }

    private async Task SetHiddenAsync(bool hidden) => await Page.EvaluateAsync(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }", hidden);
}
