using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Schedules;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Schedules;

/// <summary>What the tests of overlap share: a schedule that fires every second.</summary>
public abstract class Overlaps(Api api)
{
    private protected readonly Api api = api;
    private protected readonly string name = Api.NewQueue();

    /// <returns>The id of the newest job of the schedule.</returns>
    private protected async Task<string> FireNextAsync()
    {
        api.Advance(1000);
        await api.FireAsync();
        return (await GetAsync()).LastJobId!;
    }

    private protected async Task AssertTotalsAsync(long created, long cancelled)
    {
        var totals = (await api.QueueAsync(name)).Totals;
        Assert.Equal((created, cancelled), (totals.Created, totals.Cancelled));
        await api.AssertSoundAsync();
    }

    private protected async Task PutAsync(string overlap, string job = "", HttpStatusCode status = HttpStatusCode.Created, string? queue = null, string? schedule = null) =>
        await Api.ReadAsync(
            await api.PutAsync(
                $"/schedules/{schedule ?? name}", $$"""{"intervalMs":1000,"overlap":"{{overlap}}","job":{"payload":1,"queue":"{{queue ?? name}}"{{job}}} }"""),
            WireJson.Default.Schedule, status);

    private protected async Task<Schedule> GetAsync(string? schedule = null) =>
        await Api.ReadAsync(await api.GetAsync($"/schedules/{schedule ?? name}"), WireJson.Default.Schedule);
}
