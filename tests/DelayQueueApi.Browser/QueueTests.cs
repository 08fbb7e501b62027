using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>#/queues/{queue}</summary>
public sealed class QueueTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    private readonly string queue = NewQueue();

    [Fact]
    public async Task It_counts_by_state()
    {
        await ScheduleManyAsync(3, _ => $"\"queue\":\"{queue}\",\"delayMs\":3600000");
        await DieAsync(queue);
        await ScheduleManyAsync(2, _ => $"\"queue\":\"{queue}\"");
        await ClaimAsync(queue);

        await OpenAsync($"queues/{queue}");

        await Expect(Tab("scheduled")).ToHaveTextAsync("scheduled 3");
        await Expect(Tab("ready")).ToHaveTextAsync("ready 1");
        await Expect(Tab("leased")).ToHaveTextAsync("leased 1");
        await Expect(Tab("dead")).ToHaveTextAsync("dead 1");
        await Expect(Fact("Nacked")).ToHaveTextAsync("1");
    }

    [Fact]
    public async Task It_shows_the_settings_and_what_holds_without_them()
    {
        await PutAsync($"/queues/{queue}", "{\"leaseMs\":90000}");

        await OpenAsync($"queues/{queue}");

        await Expect(Fact("Lease")).ToHaveTextAsync("1 min 30 s");
        await Expect(Fact("Attempts")).ToHaveTextAsync("20 (not set)");
    }

    [Fact]
    public async Task It_shows_the_workers()
    {
        await ScheduleAsync(queue);
        await ClaimAsync(queue, "\"worker\":\"mailer-7\"");

        await OpenAsync($"queues/{queue}");

        await Expect(Main.GetByRole(AriaRole.Table, new() { Name = "Workers" })).ToContainTextAsync("mailer-7");
    }

    [Fact]
    public async Task Next_due_are_those_that_run_first_whatever_their_priority()
    {
        var late = await ScheduleAsync(queue, "\"delayMs\":7200000,\"priority\":9");
        var soon = await ScheduleAsync(queue, "\"delayMs\":3600000,\"priority\":0");

        await OpenAsync($"queues/{queue}");

        await Expect(Main.GetByRole(AriaRole.Table, new() { Name = "Next due jobs" }).Locator("tbody tr")).ToContainTextAsync([soon, late]);
    }

    [Fact]
    public async Task The_coming_hour_is_drawn_by_the_minute()
    {
        await ScheduleManyAsync(12, i => $"\"queue\":\"{queue}\",\"delayMs\":{(i < 9 ? 1_230_000 : 7_200_000)}");
        await ScheduleAsync(queue);

        await OpenAsync($"queues/{queue}");

        await Expect(Main.GetByRole(AriaRole.Img, new() { Name = "Jobs due in each minute of the coming hour, 9 at most" }).Locator("rect")).ToHaveCountAsync(60);
        await Expect(Main).ToContainTextAsync("9 jobs due within an hour, 9 in one minute at most. 3 later, 1 ready now.");
    }

    [Fact]
    public async Task Lists_turn_their_pages()
    {
        await ScheduleManyAsync(60, _ => $"\"queue\":\"{queue}\"");
        await OpenAsync($"queues/{queue}?state=ready");
        var rows = Main.GetByRole(AriaRole.Table, new() { Name = "Jobs in state ready" }).Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(25);

        await Button("Further").ClickAsync();
        await Expect(Main).ToContainTextAsync("Page 2");
        await Button("Further").ClickAsync();
        await Expect(rows).ToHaveCountAsync(10);
        await Button("Back").ClickAsync();

        await Expect(rows).ToHaveCountAsync(25);
    }

    [Fact]
    public async Task A_page_that_was_still_being_looked_at_is_not_shown_as_the_one_that_was_turned_to()
    {
        await ScheduleManyAsync(60, _ => $"\"queue\":\"{queue}\"");
        await OpenAsync($"queues/{queue}?state=ready");
        await Expect(Main).ToContainTextAsync("Page 1");
        TaskCompletionSource[] asked = [new(), new()], answered = [new(), new()];
        var looks = -1;
        await Page.RouteAsync("**/jobs?*", async route =>
        {
            if (Interlocked.Increment(ref looks) is var look && look < asked.Length)
            {
                asked[look].SetResult();
                await answered[look].Task;
            }

            await route.ContinueAsync();
        });

        await asked[0].Task;
        await Button("Further").ClickAsync();
        answered[0].SetResult();
        await asked[1].Task;
        await Expect(Main).ToContainTextAsync("Page 1");
        answered[1].SetResult();

        await Expect(Main).ToContainTextAsync("Page 2");
    }

    [Fact]
    public async Task A_tab_lists_the_jobs_of_its_state()
    {
        var id = await DieAsync(queue, "timeout", "no answer");
        await OpenAsync($"queues/{queue}");

        await Tab("dead").ClickAsync();

        await Expect(Row(id)).ToContainTextAsync("timeout: no answer");
    }

    [Fact]
    public async Task Pausing_and_resuming()
    {
        await ScheduleAsync(queue);
        await OpenAsync($"queues/{queue}");

        await Button("Pause").ClickAsync();
        await ConfirmAsync();
        await Expect(Main.Locator(".badge")).ToBeVisibleAsync();
        Assert.True((bool)(await GetAsync($"/queues/{queue}"))["paused"]!);
        await Button("Resume").ClickAsync();

        await Expect(Main.Locator(".badge")).ToBeHiddenAsync();
        Assert.False((bool)(await GetAsync($"/queues/{queue}"))["paused"]!);
    }

    [Fact]
    public async Task Purging_asks_first_and_says_how_many()
    {
        await ScheduleManyAsync(7, _ => $"\"queue\":\"{queue}\"");
        await OpenAsync($"queues/{queue}?state=ready");

        await Button("Purge ready …").ClickAsync();

        await Expect(Dialog).ToContainTextAsync($"7 jobs in state ready of {queue} will be deleted");
        Assert.Equal(7, (int)(await GetAsync($"/queues/{queue}"))["ready"]!);
        await ConfirmAsync();
        await SeeNoticeAsync($"7 jobs purged from {queue}.");
        Assert.Equal(0, (int)(await GetAsync($"/queues/{queue}"))["ready"]!);
        await Expect(Tab("ready")).ToHaveTextAsync("ready 0");
    }

    [Fact]
    public async Task Nothing_is_offered_before_the_queue_is_known()
    {
        var known = new TaskCompletionSource();
        await ScheduleAsync(queue);
        await Page.RouteAsync($"**/queues/{queue}", async route =>
        {
            await known.Task;
            await route.ContinueAsync();
        });

        await OpenAsync($"queues/{queue}");

        await Expect(Main).ToContainTextAsync("Looking …");
        await Expect(Button("Pause")).ToBeHiddenAsync();
        await Expect(Button("Purge ready …")).ToBeHiddenAsync();
        known.SetResult();
        await Expect(Button("Pause")).ToBeVisibleAsync();
        await Expect(Button("Purge ready …")).ToBeVisibleAsync();
        await Expect(Main).Not.ToContainTextAsync("Looking …");
    }

    [Fact]
    public async Task A_queue_that_is_not_there_is_said_to_be_so()
    {
        Foreseen = "404";

        await OpenAsync("queues/nowhere");

        await Expect(Main).ToContainTextAsync("There is no such queue");
    }

    private ILocator Tab(string state) => Main.GetByRole(AriaRole.Navigation, new() { Name = "States" }).GetByRole(AriaRole.Link, new() { Name = state });
}
