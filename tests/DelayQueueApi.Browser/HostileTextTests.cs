using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>Markup in payloads, metadata, errors and names of workers is shown as the text that it is.</summary>
public sealed class HostileTextTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    private const string Markup = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>";

    private readonly string queue = NewQueue();

    [Fact]
    public async Task On_the_page_of_a_job()
    {
        var id = await HostileAsync();

        await OpenAsync($"jobs/{id}");

        await Expect(Main.Locator("pre").First).ToContainTextAsync(Markup);
        await Expect(Main.Locator(".timeline .error")).ToHaveTextAsync($"{Markup}: {Markup}");
        await Expect(Fact("Unique key")).ToContainTextAsync(Markup);
        await Expect(Main.Locator("dt", new() { HasText = Markup })).ToBeVisibleAsync();
        await AssertHarmlessAsync();
    }

    [Fact]
    public async Task In_the_lists_and_workers_of_a_queue()
    {
        await HostileAsync();

        await OpenAsync($"queues/{queue}?state=dead");

        await Expect(Row("0 of").Or(Row("1 of")).First).ToContainTextAsync(Markup);
        await Expect(Main.GetByRole(AriaRole.Table, new() { Name = "Workers" })).ToContainTextAsync(Markup);
        await AssertHarmlessAsync();
    }

    [Fact]
    public async Task Among_dead_letters_and_in_the_question_before_a_redrive()
    {
        await HostileAsync();
        await OpenAsync($"queues/{queue}/dead");

        await Button($"Redrive {Markup}").ClickAsync();

        await Expect(Dialog).ToContainTextAsync(Markup);
        await AssertHarmlessAsync();
    }

    [Fact]
    public async Task In_the_answers_of_a_search()
    {
        await HostileAsync();

        await OpenAsync($"search?queue={queue}&name={Uri.EscapeDataString(Markup)}&value={Uri.EscapeDataString(Markup)}");

        await Expect(Main).ToContainTextAsync("1 found.");
        await Expect(Main).ToContainTextAsync($"with {Markup} = {Markup}");
        await AssertHarmlessAsync();
    }

    [Fact]
    public async Task In_the_address()
    {
        Foreseen = "40"; // No such queue, and not the name of one.

        await OpenAsync($"queues/{Uri.EscapeDataString(Markup)}");

        await Expect(Main.Locator("h1")).ToHaveTextAsync(Markup);
        await AssertHarmlessAsync();
    }

    [Fact]
    public async Task Characters_that_turn_text_round_are_shown_by_their_code()
    {
        var id = await ScheduleAsync(queue, payload: "\"safe\u202Eexe\"");

        await OpenAsync($"jobs/{id}");

        await Expect(Main.Locator("pre")).ToHaveTextAsync("\"safe\\u202eexe\"");
    }

    private async Task<string> HostileAsync()
    {
        var id = await ScheduleAsync(queue, $$"""
            "metadata":{"{{Markup}}":"{{Markup}}"},"unique":{"key":"{{Markup}}"}
            """, $"\"{Markup}\"");
        await SettleAsync(await ClaimAsync(queue, $"\"worker\":\"{Markup}\""), "nack", $"\"error\":\"{Markup}\",\"errorType\":\"{Markup}\",\"dead\":true");
        return id;
    }

    private async Task AssertHarmlessAsync()
    {
        Assert.Equal(0, await Page.Locator("main img, main script, dialog img, dialog script").CountAsync());
        Assert.True(await Page.EvaluateAsync<bool>("() => window.hacked === undefined"));
    }
}
