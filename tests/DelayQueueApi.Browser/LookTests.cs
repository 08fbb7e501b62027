using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Contract;
using DelayQueueApi.Tests.Hosting;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>How every page looks, in artifacts/dashboard at the top of the repository; what can be checked of that is.</summary>
public abstract class LookTests(Chromium chromium, RealService service, string look, int width, ColorScheme scheme) : DashboardTest(chromium, service)
{
    protected override BrowserNewContextOptions Options => new()
    {
        ViewportSize = new() { Width = width, Height = 900 },
        ColorScheme = scheme,
    };

    [Theory]
    [InlineData("overview", "", "Durability")]
    [InlineData("queues", "queues", "mail")]
    [InlineData("queue", "queues/mail?state=ready", "Attempt")]
    [InlineData("dead", "queues/mail/dead", "timeout")]
    [InlineData("job", "jobs/{dead}", "Attempt 1 nacked")]
    [InlineData("schedules", "schedules", "0 3 * * *")]
    [InlineData("schedule", "schedules/report", "03:00")]
    [InlineData("search", "search?queue=mail&name=tenant&value=acme", "found.")]
    [InlineData("nothing", "queues/empty/dead", "None.")]
    public async Task A_page_fits_its_width_and_can_be_used_by_all(string page, string path, string shown)
    {
        var dead = await FillAsync();
        await OpenAsync(path.Replace("{dead}", dead, StringComparison.Ordinal));
        await Expect(Main).ToContainTextAsync(shown);
        await Expect(Main.Locator(".legend", new() { HasText = "–" })).ToHaveCountAsync(0); // Charts have a line.
        Foreseen = page == "nothing" ? "404" : null;

        await SaveAsync(page);

        Assert.Equal(0, await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"));
        Assert.Empty((await Page.RunAxe()).Violations.Select(violation => $"{violation.Id}: {violation.Nodes[0].Html}"));
    }

    [Fact]
    public async Task A_question_fits_its_width_and_can_be_used_by_all()
    {
        await FillAsync();
        await OpenAsync("queues/mail/dead");
        await Button("Redrive all …").ClickAsync();
        await Expect(Dialog).ToBeVisibleAsync();

        await SaveAsync("question");

        Assert.Empty((await Page.RunAxe()).Violations.Select(violation => $"{violation.Id}: {violation.Nodes[0].Html}"));
    }

    private async Task SaveAsync(string page) => await Page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, "artifacts", "dashboard", $"{page}-{look}.png"), FullPage = true });

    /// <returns>A dead job.</returns>
    private async Task<string> FillAsync()
    {
        if ((await GetAsync("/queues"))["queues"]!.AsArray().Count > 0)
        {
            return (string)(await GetAsync("/jobs?queue=mail&state=dead"))["jobs"]![0]!["id"]!;
        }

        var dead = await DieAsync("mail", "timeout", "The mail server mx1.example.com did not answer within 10 s.", "\"priority\":9,\"metadata\":{\"tenant\":\"acme\"}");
        await DieAsync("mail", "refused", "550 no such mailbox", "\"priority\":9");
        await ScheduleManyAsync(40, i => $"\"queue\":\"mail\",\"delayMs\":{(i < 20 ? 0 : i * 60_000)},\"metadata\":{{\"tenant\":\"acme\"}}");
        await ScheduleManyAsync(3, i => $"\"queue\":\"orders.billing.europe-{i}\"");
        await ClaimAsync("mail");
        await PutAsync("/queues/orders.billing.europe-1", "{\"paused\":true,\"leaseMs\":60000}");
        await PutAsync("/schedules/report", """{"cron":"0 3 * * *","timeZone":"Europe/Berlin","job":{"queue":"mail","payload":{"report":"daily","to":["a@example.com"]}}}""");
        await PutAsync("/schedules/sweep", """{"intervalMs":90000,"job":{"queue":"sweep","payload":null}}""");
        return dead;
    }
}

public sealed class LightLookTests(Chromium chromium, RealService service)
    : LookTests(chromium, service, "light", 1280, ColorScheme.Light), IClassFixture<RealService>;

public sealed class DarkLookTests(Chromium chromium, RealService service)
    : LookTests(chromium, service, "dark", 1280, ColorScheme.Dark), IClassFixture<RealService>;

public sealed class PhoneLookTests(Chromium chromium, RealService service)
    : LookTests(chromium, service, "phone", 375, ColorScheme.Light), IClassFixture<RealService>;
