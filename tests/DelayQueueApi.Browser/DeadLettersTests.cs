using DelayQueueApi.Browser.Hosting;
using DelayQueueApi.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace DelayQueueApi.Browser;

/// <summary>#/queues/{queue}/dead</summary>
public sealed class DeadLettersTests(Chromium chromium, RealService service) : DashboardTest(chromium, service), IClassFixture<RealService>
{
    private readonly string queue = NewQueue();

    [Fact]
    public async Task They_are_grouped_by_error_type()
    {
        await DieAsync(queue, "timeout");
        await DieAsync(queue, "timeout");
        await DieAsync(queue, "refused", "not today");
        await DieAsync(queue, null);

        await OpenAsync($"queues/{queue}/dead");

        var groups = Main.Locator("table").First.Locator("tbody tr");
        await Expect(groups).ToHaveCountAsync(3);
        await Expect(groups.First).ToContainTextAsync("timeout2");
        await Expect(groups.Filter(new() { HasText = "refused" })).ToContainTextAsync("not today");
    }

    [Fact]
    public async Task A_group_is_redriven_after_a_dry_run()
    {
        await DieAsync(queue, "timeout");
        await DieAsync(queue, "timeout");
        var other = await DieAsync(queue, "refused");
        await OpenAsync($"queues/{queue}/dead");

        await Button("Redrive timeout").ClickAsync();

        await Expect(Dialog).ToContainTextAsync("A dry run has found 2 jobs");
        Assert.Equal(3, (int)(await GetAsync($"/queues/{queue}"))["dead"]!);
        await ConfirmAsync();
        await Expect(Main).ToContainTextAsync("Done: 2 jobs redriven.");
        Assert.Equal(2, (int)(await GetAsync($"/queues/{queue}"))["ready"]!);
        await Expect(Row(other)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Those_without_a_type_are_redriven()
    {
        var id = await DieAsync(queue, null);
        await DieAsync(queue, "timeout");
        await OpenAsync($"queues/{queue}/dead");

        await Button("Redrive those without a type").ClickAsync();
        await ConfirmAsync();

        await Expect(Main).ToContainTextAsync("Done: 1 job redriven.");
        Assert.Equal("ready", (string)(await GetAsync($"/jobs/{id}"))["state"]!);
        Assert.Equal(1, (int)(await GetAsync($"/queues/{queue}"))["dead"]!);
    }

    [Fact]
    public async Task Selected_ones_are_redriven()
    {
        var chosen = await DieAsync(queue);
        var left = await DieAsync(queue);
        await OpenAsync($"queues/{queue}/dead");

        await Main.GetByLabel($"Select {chosen}").CheckAsync();
        await Button("Redrive 1 …").ClickAsync();
        await ConfirmAsync();

        await Expect(Main).ToContainTextAsync("Done: 1 job redriven.");
        Assert.Equal("ready", (string)(await GetAsync($"/jobs/{chosen}"))["state"]!);
        Assert.Equal("dead", (string)(await GetAsync($"/jobs/{left}"))["state"]!);
    }

    [Fact]
    public async Task All_are_redriven_at_a_rate_with_progress()
    {
        for (var i = 0; i < 3; i++)
        {
            await DieAsync(queue);
        }

        await OpenAsync($"queues/{queue}/dead");
        await Button("Redrive all …").ClickAsync();
        await Dialog.GetByLabel("At most so many a second").FillAsync("1000");
        await ConfirmAsync();

        await Expect(Main).ToContainTextAsync("Done: 3 redriven of 3 looked at, at most 1,000 a second.");
        Assert.Equal("done", (string)(await GetAsync($"/queues/{queue}/redrive"))["state"]!);
        Assert.Equal(3, (int)(await GetAsync($"/queues/{queue}"))["ready"]!);
    }

    [Fact]
    public async Task A_redrive_that_is_under_way_is_shown_and_can_be_stopped()
    {
        await DieLongAsync("timeout");
        await PostAsync($"/queues/{queue}/redrive", "{\"ratePerSecond\":1}");
        await OpenAsync($"queues/{queue}/dead");
        await Expect(Main).ToContainTextAsync("Under way");

        await Button("Stop").ClickAsync();

        await Expect(Main).ToContainTextAsync("Stopped:");
        Assert.Equal("cancelled", (string)(await GetAsync($"/queues/{queue}/redrive"))["state"]!);
    }

    [Fact]
    public async Task Stop_ends_the_redrive_under_way_also_after_another_at_once()
    {
        var chosen = await DieAsync(queue);
        await DieLongAsync("later");
        await PostAsync($"/queues/{queue}/redrive", "{\"ratePerSecond\":1,\"errorType\":\"later\"}");
        await OpenAsync($"queues/{queue}/dead");
        await Expect(Main).ToContainTextAsync("Under way");
        await Main.GetByLabel($"Select {chosen}").CheckAsync();
        await Button("Redrive 1 …").ClickAsync();
        await ConfirmAsync();

        // Until then Stop would end the one at once.
        await Expect(Main.GetByLabel($"Select {chosen}")).ToHaveCountAsync(0);
        await Expect(Main).ToContainTextAsync("Under way");

        await Button("Stop").ClickAsync();

        await Expect(Main).ToContainTextAsync("Stopped:");
        Assert.Equal("cancelled", (string)(await GetAsync($"/queues/{queue}/redrive"))["state"]!);
    }

    [Fact]
    public async Task Selected_ones_of_a_group_are_purged()
    {
        await DieAsync(queue, "timeout");
        await DieAsync(queue, "timeout");
        var left = await DieAsync(queue, "refused");
        await OpenAsync($"queues/{queue}/dead");

        await Button("timeout").First.ClickAsync();
        await Main.GetByLabel("Select all 2").CheckAsync();
        await Button("Purge 2 …").ClickAsync();
        await Expect(Dialog).ToContainTextAsync("2 jobs selected");
        Assert.Equal(3, (int)(await GetAsync($"/queues/{queue}"))["dead"]!);
        await ConfirmAsync();

        await SeeNoticeAsync($"2 jobs purged from {queue}.");
        Assert.Equal(1, (int)(await GetAsync($"/queues/{queue}"))["dead"]!);
        Assert.Equal(200, await StatusAsync($"/jobs/{left}"));
    }

    [Fact]
    public async Task All_are_purged()
    {
        await DieAsync(queue);
        await DieAsync(queue);
        await OpenAsync($"queues/{queue}/dead");

        await Button("Purge all …").ClickAsync();
        await Expect(Dialog).ToContainTextAsync("2 jobs in state dead");
        await ConfirmAsync();

        await SeeNoticeAsync($"2 jobs purged from {queue}.");
        Assert.Equal(0, (int)(await GetAsync($"/queues/{queue}"))["dead"]!);
        await Expect(Main).ToContainTextAsync("None. Jobs that run out of attempts come here.");
    }

    /// <summary>So many jobs die that a redrive of one a second outlasts the test on the busiest machine.</summary>
    private async Task DieLongAsync(string errorType)
    {
        const int Jobs = 500;
        await ScheduleManyAsync(Jobs, _ => $"\"queue\":\"{queue}\"");
        for (var left = Jobs; left > 0;)
        {
            var claimed = (await PostAsync("/jobs/claim", $$"""{"queues":["{{queue}}"],"limit":100}"""))!["jobs"]!.AsArray();
            left -= claimed.Count;
            var nacks = claimed.Select(job => $$"""{"id":"{{job!["id"]}}","leaseToken":"{{job["lease"]!["token"]}}","dead":true,"errorType":"{{errorType}}"}""");
            await PostAsync("/jobs/settle", $$"""{"nacks":[{{string.Join(',', nacks)}}]}""");
        }
    }
}
