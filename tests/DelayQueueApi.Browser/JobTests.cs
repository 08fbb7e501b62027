using System.Globalization;
using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>#/jobs/{id}</summary>
public sealed class JobTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    private readonly string queue = NewQueue();

    [Fact]
    public async Task It_shows_the_payload_in_lines_with_every_digit()
    {
        var id = await ScheduleAsync(queue, payload: """{"order":{"id":12345678901234567890},"paid":1.50}""");

        await OpenAsync($"jobs/{id}");

        await Expect(Main.Locator("pre")).ToHaveTextAsync("{\n  \"order\": {\n    \"id\": 12345678901234567890\n  },\n  \"paid\": 1.50\n}");
    }

    [Fact]
    public async Task It_shows_its_fields_and_metadata()
    {
        var id = await ScheduleAsync(queue, """
            "priority":7,"maxAttempts":3,"metadata":{"tenant":"acme"},"unique":{"key":"order-7"},"delayMs":3600000
            """);

        await OpenAsync($"jobs/{id}");

        await Expect(Fact("Priority")).ToHaveTextAsync("7");
        await Expect(Fact("Attempt")).ToHaveTextAsync("0 of 3");
        await Expect(Fact("Unique key")).ToHaveTextAsync("order-7, until finished");
        await Expect(Fact("tenant")).ToHaveTextAsync("acme");
    }

    [Fact]
    public async Task It_tells_why_the_job_is_not_running()
    {
        var id = await ScheduleAsync(queue);
        var why = (string)(await GetAsync($"/jobs/{id}/explain"))["why"]!;

        await OpenAsync($"jobs/{id}");

        await Expect(Main).ToContainTextAsync(why[..20]);
        await Expect(Fact("Jobs ahead")).ToHaveTextAsync("0");
    }

    [Fact]
    public async Task Its_history_has_every_attempt_and_what_is_under_way()
    {
        var id = await ScheduleAsync(queue);
        await SettleAsync(await ClaimAsync(queue), "nack", "\"error\":\"no answer\",\"errorType\":\"timeout\",\"delayMs\":0");
        await SettleAsync(await ClaimAsync(queue), "release");
        await ClaimAsync(queue, "\"worker\":\"mailer-2\"");

        await OpenAsync($"jobs/{id}");

        var history = Main.Locator(".timeline li");
        await Expect(history).ToContainTextAsync(["Created", "Attempt 1 nacked", "Attempt 2 released", "Attempt 2 under way"]);
        await Expect(history.Nth(1)).ToContainTextAsync("timeout: no answer");
        await Expect(history.Nth(3)).ToContainTextAsync("by mailer-2");
    }

    [Fact]
    public async Task A_result_is_shown()
    {
        await ScheduleAsync(queue, "\"retentionMs\":3600000");
        var claimed = await ClaimAsync(queue);
        await SettleAsync(claimed, "ack", "\"result\":{\"pages\":12}");

        await OpenAsync($"jobs/{claimed["id"]}");

        await Expect(Main.Locator("pre").Nth(1)).ToContainTextAsync("\"pages\": 12");
    }

    [Fact]
    public async Task A_scheduled_job_can_run_now()
    {
        var id = await ScheduleAsync(queue, "\"delayMs\":3600000");
        await OpenAsync($"jobs/{id}");

        await Button("Run now …").ClickAsync();
        await ConfirmAsync();

        await Expect(Main.Locator(".badge")).ToHaveTextAsync("ready");
        Assert.Equal("ready", (string)(await GetAsync($"/jobs/{id}"))["state"]!);
    }

    [Fact]
    public async Task A_job_can_be_rescheduled()
    {
        var id = await ScheduleAsync(queue);
        await OpenAsync($"jobs/{id}");

        await Button("Reschedule …").ClickAsync();
        await Dialog.GetByLabel("Run at").FillAsync("2040-06-01T12:00");
        await ConfirmAsync();

        await Expect(Main.Locator(".badge")).ToHaveTextAsync("scheduled");
        Assert.Equal("2040-06-01T10:00:00.000Z", (string)(await GetAsync($"/jobs/{id}"))["runAt"]!); // Berlin, in summer.
    }

    [Fact]
    public async Task A_job_that_has_changed_meanwhile_stays_as_it_is()
    {
        Foreseen = "412";
        var id = await ScheduleAsync(queue, "\"delayMs\":3600000");
        await OpenAsync($"jobs/{id}");
        await Button("Run now …").ClickAsync();
        await PatchAsync($"/jobs/{id}", "{\"priority\":9}");

        await ConfirmAsync();

        await Expect(Page.Locator(".notice.bad")).ToBeVisibleAsync();
        Assert.Equal("scheduled", (string)(await GetAsync($"/jobs/{id}"))["state"]!);
    }

    [Fact]
    public async Task A_job_can_be_cancelled()
    {
        Foreseen = "404";
        var id = await ScheduleAsync(queue, "\"delayMs\":3600000");
        await OpenAsync($"jobs/{id}");

        await Button("Cancel …").ClickAsync();
        await Expect(Dialog).ToContainTextAsync($"This one job of {queue}");
        Assert.Equal(200, await StatusAsync($"/jobs/{id}"));
        await ConfirmAsync();

        await Expect(Main).ToContainTextAsync("There is no such job");
        Assert.Equal(404, await StatusAsync($"/jobs/{id}"));
    }

    [Fact]
    public async Task A_leased_job_is_cancelled_by_telling_its_worker()
    {
        await ScheduleAsync(queue);
        var claimed = await ClaimAsync(queue);
        await OpenAsync($"jobs/{claimed["id"]}");

        await Button("Cancel …").ClickAsync();
        await Expect(Dialog).ToContainTextAsync("A worker holds it");
        await ConfirmAsync();

        await Expect(Main.Locator(".badge")).ToHaveTextAsync("leased, to be cancelled");
        Assert.True((bool)(await GetAsync($"/jobs/{claimed["id"]}"))["cancelRequested"]!);
        await Expect(Button("Cancel …")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_dead_job_can_be_redriven()
    {
        var id = await DieAsync(queue);
        await OpenAsync($"jobs/{id}");

        await Button("Redrive …").ClickAsync();
        await ConfirmAsync();

        await Expect(Main.Locator(".badge")).ToHaveTextAsync("ready");
        Assert.Equal("ready", (string)(await GetAsync($"/jobs/{id}"))["state"]!);
    }

    [Fact]
    public async Task A_dead_job_can_be_deleted()
    {
        Foreseen = "404";
        var id = await DieAsync(queue);
        await OpenAsync($"jobs/{id}");

        await Button("Delete …").ClickAsync();
        await Expect(Dialog).ToContainTextAsync("1 job in state dead");
        await ConfirmAsync();

        await Expect(Main).ToContainTextAsync("There is no such job");
        Assert.Equal(404, await StatusAsync($"/jobs/{id}"));
    }

    [Theory]
    [InlineData("scheduled", "Run now … Reschedule … Cancel …")]
    [InlineData("ready", "Reschedule … Cancel …")]
    [InlineData("leased", "Cancel …")]
    [InlineData("dead", "Redrive … Delete …")]
    [InlineData("completed", "Delete …")]
    public async Task It_offers_what_the_state_allows(string state, string actions)
    {
        var id = await InStateAsync(state);

        await OpenAsync($"jobs/{id}");

        await Expect(Main.Locator(".badge")).ToHaveTextAsync(state);
        Assert.Equal(actions, string.Join(' ', await Main.Locator(".heading button").AllInnerTextsAsync()));
    }

    private async Task<string> InStateAsync(string state)
    {
        if (state == "dead")
        {
            return await DieAsync(queue);
        }

        var id = await ScheduleAsync(queue, string.Create(CultureInfo.InvariantCulture, $"\"retentionMs\":3600000,\"delayMs\":{(state == "scheduled" ? 3_600_000 : 0)}"));
        var claimed = state is "leased" or "completed" ? await ClaimAsync(queue) : null;
        if (state == "completed")
        {
            await SettleAsync(claimed!, "ack");
        }

        return id;
    }
}
