using System.Text.RegularExpressions;
using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>#/queues: the table.</summary>
public sealed class QueuesTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    private ILocator Rows => Main.Locator("tbody tr");

    [Fact]
    public async Task It_sorts_by_a_column_largest_first_then_turns_round()
    {
        var word = NewQueue("sort");
        var (few, many) = ($"{word}.a", $"{word}.b");
        await ScheduleAsync(few);
        await ScheduleManyAsync(3, _ => $"\"queue\":\"{many}\"");
        await OpenAsync("queues");
        await Main.GetByLabel("Name has").FillAsync(word);
        await Expect(Rows).ToContainTextAsync([few, many]);

        await Button("Ready").First.ClickAsync();
        await Expect(Rows).ToContainTextAsync([many, few]);
        await Button("Ready").First.ClickAsync();

        await Expect(Rows).ToContainTextAsync([few, many]);
    }

    [Fact]
    public async Task It_filters_by_name()
    {
        var (one, other) = (NewQueue("orders"), NewQueue("mail"));
        await ScheduleAsync(one);
        await ScheduleAsync(other);
        await OpenAsync("queues");
        await Expect(Row(other)).ToBeVisibleAsync();

        await Main.GetByLabel("Name has").FillAsync("orders");

        await Expect(Row(one)).ToBeVisibleAsync();
        await Expect(Row(other)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_filter_that_nothing_fits_says_so()
    {
        await ScheduleAsync(NewQueue());
        await OpenAsync("queues");

        await Main.GetByLabel("Name has").FillAsync("nowhere");

        await Expect(Main).ToContainTextAsync("has “nowhere” in its name");
    }

    [Fact]
    public async Task A_line_tells_what_was_ready_lately()
    {
        var queue = NewQueue();
        await ScheduleAsync(queue);
        await OpenAsync("queues");
        var line = Row(queue).GetByRole(AriaRole.Img);
        await Expect(line).ToBeVisibleAsync();
        await ScheduleManyAsync(4, _ => $"\"queue\":\"{queue}\"");

        await Expect(line).ToHaveAccessibleNameAsync(new Regex("from 1 to 5, 5 at most$"));
        await Expect(line.Locator("polyline")).ToHaveAttributeAsync("points", new Regex(" 94\\.0,2\\.0$"));
    }

    [Fact]
    public async Task Pausing_asks_first_and_says_what_will_wait()
    {
        var queue = NewQueue();
        await ScheduleManyAsync(2, _ => $"\"queue\":\"{queue}\"");
        await OpenAsync("queues");

        await Button($"Pause {queue}").ClickAsync();

        await Expect(Dialog).ToContainTextAsync("2 jobs ready and 0 scheduled will wait");
        Assert.False((bool)(await GetAsync($"/queues/{queue}"))["paused"]!);
        await ConfirmAsync();
        await Expect(Button($"Resume {queue}")).ToBeVisibleAsync();
        Assert.True((bool)(await GetAsync($"/queues/{queue}"))["paused"]!);
    }

    [Fact]
    public async Task Resuming_is_done_at_once()
    {
        var queue = NewQueue();
        await PutAsync($"/queues/{queue}", "{\"paused\":true}");
        await OpenAsync("queues");

        await Button($"Resume {queue}").ClickAsync();

        await Expect(Button($"Pause {queue}")).ToBeVisibleAsync();
        Assert.False((bool)(await GetAsync($"/queues/{queue}"))["paused"]!);
    }

    [Fact]
    public async Task Escape_leaves_everything_as_it_is()
    {
        var queue = NewQueue();
        await ScheduleAsync(queue);
        await OpenAsync("queues");
        await Button($"Pause {queue}").ClickAsync();
        await Expect(Dialog).ToBeVisibleAsync();

        await Page.Keyboard.PressAsync("Escape");

        await Expect(Dialog).ToHaveCountAsync(0);
        Assert.False((bool)(await GetAsync($"/queues/{queue}"))["paused"]!);
    }

    [Fact]
    public async Task The_keyboard_alone_is_enough_to_resume_a_queue()
    {
        var queue = NewQueue();
        await PutAsync($"/queues/{queue}", "{\"paused\":true}");
        await OpenAsync("queues");
        await Main.GetByLabel("Name has").FocusAsync();
        await Page.Keyboard.TypeAsync(queue);
        await Expect(Rows).ToHaveCountAsync(1);
        for (var steps = 0; steps < 30 && !await Button($"Resume {queue}").EvaluateAsync<bool>("button => button === document.activeElement"); steps++)
        {
            await Page.Keyboard.PressAsync("Tab");
        }

        await Page.Keyboard.PressAsync("Enter");

        await Expect(Button($"Pause {queue}")).ToBeVisibleAsync();
        Assert.False((bool)(await GetAsync($"/queues/{queue}"))["paused"]!);
    }
}
