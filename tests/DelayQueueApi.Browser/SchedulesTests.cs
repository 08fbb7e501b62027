using System.Globalization;
using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>#/schedules and #/schedules/{name}</summary>
public sealed class SchedulesTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    private readonly string name = NewQueue("report");
    private readonly string queue = NewQueue();

    [Fact]
    public async Task They_are_listed()
    {
        await SetAsync();

        await OpenAsync("schedules");

        await Expect(Row(name)).ToContainTextAsync("0 3 * * *");
        await Expect(Row(name)).ToContainTextAsync("America/New_York");
        await Expect(Row(name)).ToContainTextAsync("in ");
    }

    [Fact]
    public async Task Each_shows_its_next_instants_on_its_own_clock()
    {
        await SetAsync();
        var next = (await GetAsync($"/schedules/{name}/next?count=10"))["instants"]!.AsArray();

        await OpenAsync("schedules");
        await Row(name).GetByText(name).ClickAsync();

        await Expect(Main.Locator(".instants li")).ToHaveCountAsync(10);
        await Expect(Main.Locator(".instants li").First).ToContainTextAsync(((string)next[0]!["local"]!).Replace('T', ' '));
        await Expect(Main.Locator("pre")).ToContainTextAsync("\"report\": \"daily\"");
    }

    [Theory]
    [InlineData("schedules")]
    [InlineData("schedules/{0}")]
    public async Task Pausing_and_resuming(string path)
    {
        await SetAsync();
        await OpenAsync(string.Format(CultureInfo.InvariantCulture, path, name));

        await Main.GetByRole(AriaRole.Button, new() { NameRegex = new($"^Pause ({name}|…)$") }).ClickAsync();
        await ConfirmAsync();
        await SeeNoticeAsync($"{name} is paused.");
        Assert.True((bool)(await GetAsync($"/schedules/{name}"))["paused"]!);
        await Main.GetByRole(AriaRole.Button, new() { NameRegex = new($"^Resume( {name})?$") }).ClickAsync();

        await SeeNoticeAsync($"{name} is resumed.");
        Assert.False((bool)(await GetAsync($"/schedules/{name}"))["paused"]!);
    }

    [Fact]
    public async Task Triggering_makes_one_job_now()
    {
        await SetAsync();
        await OpenAsync("schedules");

        await Button($"Trigger {name}").ClickAsync();
        await Expect(Dialog).ToContainTextAsync($"One job is made now, in {queue}");
        await ConfirmAsync();

        await SeeNoticeAsync($"{name} has made the job");
        Assert.Single((await GetAsync($"/jobs?queue={queue}&state=ready"))["jobs"]!.AsArray());
    }

    [Fact]
    public async Task One_can_be_deleted()
    {
        Foreseen = "404";
        await SetAsync();
        await OpenAsync($"schedules/{name}");

        await Button("Delete …").ClickAsync();
        Assert.Equal(200, await StatusAsync($"/schedules/{name}"));
        await ConfirmAsync();

        await Expect(Main).ToContainTextAsync("There is no such schedule");
        Assert.Equal(404, await StatusAsync($"/schedules/{name}"));
    }

    private async Task SetAsync() => await PutAsync($"/schedules/{name}", $$$"""
        {"cron":"0 3 * * *","timeZone":"America/New_York","job":{"queue":"{{{queue}}}","payload":{"report":"daily"} } }
        """);
}
