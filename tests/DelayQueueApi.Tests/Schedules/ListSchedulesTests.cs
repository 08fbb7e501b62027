using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Schedules;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Schedules;

/// <summary>A host of its own for each test: a list is of the whole store.</summary>
public abstract class ListSchedulesTests(Api api) : IAsyncLifetime
{
    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task Pages_come_in_the_order_of_names_and_hold_every_schedule_once()
    {
        var names = Enumerable.Range(0, 230).Select(i => $"s{i}").Append("a-b").Append("a.b").ToArray();
        await Task.WhenAll(names.Select(name => PutAsync(name)));
        await api.Client.PostAsync(new Uri("/schedules/s7/pause", UriKind.Relative), null, TestContext.Current.CancellationToken);

        var paged = new List<string>();
        string? cursor = null;
        do
        {
            var page = await ListAsync($"?limit=50{(cursor is null ? "" : "&cursor=" + cursor)}");
            paged.AddRange(page.Schedules.Select(schedule => schedule.Name));
            cursor = page.Next;
        }
        while (cursor is not null);

        var ordered = names.Order(StringComparer.Ordinal);
        Assert.Equal(ordered, paged);
        var whole = await ListAsync("?limit=1000");
        Assert.Equal((232, null), (whole.Schedules.Count, whole.Next));
        Assert.Equal(ordered.Take(100), (await ListAsync("")).Schedules.Select(schedule => schedule.Name));
    }

    [Fact]
    public async Task A_page_of_exactly_what_is_there_is_the_last_one()
    {
        Assert.Empty((await ListAsync("")).Schedules);
        await PutAsync("a");
        await PutAsync("b");

        Assert.Null((await ListAsync("?limit=2")).Next);
        Assert.NotNull((await ListAsync("?limit=1")).Next);
    }

    [Fact]
    public async Task A_page_of_large_payloads_is_bounded()
    {
        for (var i = 0; i < 11; i++)
        {
            await PutAsync($"s{i}", $"\"{new string('x', 1_000_000)}\"");
        }

        var page = await ListAsync("");
        var rest = await ListAsync($"?cursor={page.Next}");

        Assert.Equal(10, page.Schedules.Count);
        Assert.Equal("s9", Assert.Single(rest.Schedules).Name);
    }

    [Theory]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=1001", "limit")]
    [InlineData("?limit=", "limit")]
    [InlineData("?limit=x", "limit")]
    [InlineData("?cursor=", "cursor")]
    [InlineData("?cursor=YQ==x", "cursor")]
    [InlineData("?cursor=!", "cursor")]
    [InlineData("?cursor=VVBQRVI", "cursor")]
    public async Task A_page_that_cannot_be_is_refused(string query, string field)
    {
        var answer = await api.GetAsync($"/schedules{query}");

        await Api.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "validation");
        Assert.Contains($"\"{field}\":[\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task PutAsync(string name, string payload = "1") => Assert.Equal(
        HttpStatusCode.Created, (await api.PutAsync($"/schedules/{name}", $$"""{"cron":"0 0 1 1 *","job":{"payload":{{payload}}} }""")).StatusCode);

    private async Task<ListSchedules.Response> ListAsync(string query) =>
        await Api.ReadAsync(await api.GetAsync($"/schedules{query}"), WireJson.Default.ListSchedulesResponse);

    public sealed class OnEmbedded(EmbeddedEngine engine) : ListSchedulesTests(new EmbeddedApi(engine));

    public sealed class OnRedis(RedisEngine engine) : ListSchedulesTests(new RedisApi(engine));
}
