using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Security;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>The pages of a service that has keys.</summary>
public sealed class KeysTests(Chromium chromium, KeysTests.KeyedService service) : DashboardTest(chromium, service), IClassFixture<KeysTests.KeyedService>
{
    private ILocator Key => Dialog.GetByLabel("Key");

    [Fact]
    public async Task The_dashboard_asks_for_a_key_and_keeps_it_for_the_tab()
    {
        Foreseen = "401";
        var queue = NewQueue();
        await OpenAsync("queues");

        await Key.FillAsync("dq_all_wrong");
        await Dialog.GetByText("Use this key").ClickAsync();
        await Expect(Dialog).ToContainTextAsync("This key is not known");
        await Key.FillAsync(KeyedService.All);
        await Dialog.GetByText("Use this key").ClickAsync();
        await Expect(Dialog).ToHaveCountAsync(0);
        await Page.ReloadAsync();

        await Expect(Main.Locator("h1")).ToHaveTextAsync("Queues");
        await Expect(Dialog).ToHaveCountAsync(0);
        await Expect(Page.Locator("#who")).ToContainTextAsync("all · default");
        Assert.DoesNotContain(KeyedService.All, Page.Url, StringComparison.Ordinal);
        Assert.Equal("0 ", await Page.EvaluateAsync<string>("() => `${localStorage.length} ${document.cookie}`"));
    }

    [Fact]
    public async Task What_was_refused_before_a_key_was_given_is_repeated_with_it_and_nobody_is_asked_again()
    {
        Foreseen = "401";
        var given = new TaskCompletionSource();
        await Page.RouteAsync("**/info", async route =>
        {
            await given.Task;
            await route.ContinueAsync();
        });
        await EnterAsync(KeyedService.All, "");

        given.SetResult();

        await Expect(Fact("Store")).ToContainTextAsync("embedded");
        await Expect(Dialog).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task It_goes_back_to_asking_once_the_key_is_forgotten()
    {
        Foreseen = "401";
        await EnterAsync(KeyedService.All, "queues");

        await Page.GetByText("Forget the key").ClickAsync();

        await Expect(Key).ToBeVisibleAsync();
        Assert.Equal(0, await Page.EvaluateAsync<int>("() => sessionStorage.length"));
    }

    [Fact]
    public async Task It_offers_what_the_key_is_good_for()
    {
        Foreseen = "401";
        var queue = NewQueue();
        Use(KeyedService.All);
        var id = await ScheduleAsync(queue, "\"delayMs\":3600000");

        await EnterAsync(KeyedService.Read, $"jobs/{id}");
        await Expect(Fact("Queue")).ToHaveTextAsync(queue);
        await Expect(Button("Cancel …")).ToBeHiddenAsync();
        await OpenAsync($"queues/{queue}");
        await Expect(Main.GetByRole(AriaRole.Link, new() { Name = "Dead letters" })).ToBeVisibleAsync();
        await Expect(Button("Pause …")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task It_does_with_a_key_what_it_does_without_keys()
    {
        Foreseen = "401";
        var queue = NewQueue();
        Use(KeyedService.All);
        await ScheduleAsync(queue);
        await EnterAsync(KeyedService.All, $"queues/{queue}");

        await Button("Pause …").ClickAsync();
        await ConfirmAsync();

        await SeeNoticeAsync($"{queue} is paused.");
    }

    [Fact]
    public async Task A_key_of_another_namespace_does_not_do_what_was_meant_for_the_one_before()
    {
        Foreseen = "401";
        var queue = NewQueue();
        foreach (var key in (string[])[KeyedService.All, KeyedService.Team])
        {
            Use(key);
            await ScheduleAsync(queue);
        }

        await EnterAsync(KeyedService.All, $"queues/{queue}");
        var asked = 0;
        await Page.RouteAsync("**/pause", route => ++asked == 1 ? route.FulfillAsync(new() { Status = 401 }) : route.ContinueAsync());

        await Button("Pause …").ClickAsync();
        await ConfirmAsync();
        await Key.FillAsync(KeyedService.Team);
        await Dialog.GetByText("Use this key").ClickAsync();

        await Expect(Page.Locator("#who")).ToContainTextAsync("team · team");
        await Expect(Button("Pause …")).ToBeVisibleAsync();
        Assert.False((bool)(await GetAsync($"/queues/{queue}"))["paused"]!);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Swagger_UI_takes_a_key_and_makes_a_job()
    {
        Foreseen = "401";
        await Page.GotoAsync("../swagger/index.html");
        await Page.Locator(".btn.authorize").First.ClickAsync();
        await Page.Locator(".auth-container").Filter(new() { HasText = "bearer" }).First.Locator("input").FillAsync(KeyedService.All);
        await Page.Locator(".auth-btn-wrapper .authorize").First.ClickAsync();
        await Page.Locator(".btn-done").First.ClickAsync();

        var call = Page.Locator("#operations-Jobs-ScheduleJob");
        await call.Locator(".opblock-summary-control").ClickAsync();
        await call.Locator(".execute").ClickAsync();

        await Expect(call.Locator(".live-responses-table .response .response-col_status").First).ToContainTextAsync("201");
    }

    /// <summary>Opens a page with a key.</summary>
    private async Task EnterAsync(string key, string path)
    {
        await OpenAsync(path);
        await Key.FillAsync(key);
        await Dialog.GetByText("Use this key").ClickAsync();
        await Expect(Dialog).ToHaveCountAsync(0);
    }

    /// <summary>A service with three keys.</summary>
    public sealed class KeyedService : RealService
    {
        private static readonly (string Key, byte[] Hash) AllKey = KeyText.New("all"), ReadKey = KeyText.New("read"), TeamKey = KeyText.New("team");

        public static string All => AllKey.Key;

        public static string Read => ReadKey.Key;

        /// <summary>Of another namespace.</summary>
        public static string Team => TeamKey.Key;

        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
        {
            ["Security:Keys:0:Id"] = "all",
            ["Security:Keys:0:SecretHash"] = Convert.ToHexString(AllKey.Hash),
            ["Security:Keys:0:Scopes"] = "produce,consume,read,admin",
            ["Security:Keys:1:Id"] = "read",
            ["Security:Keys:1:SecretHash"] = Convert.ToHexString(ReadKey.Hash),
            ["Security:Keys:1:Scopes"] = "read",
            ["Security:Keys:2:Id"] = "team",
            ["Security:Keys:2:SecretHash"] = Convert.ToHexString(TeamKey.Hash),
            ["Security:Keys:2:Scopes"] = "produce,consume,read,admin",
            ["Security:Keys:2:Namespace"] = "team",
        };
    }
}
