using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

/// <summary>A host of its own for each test: the list shows the whole store.</summary>
public abstract class ListQueuesTests(Api api) : IAsyncLifetime
{
    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task Queues_are_listed_by_name_each_as_it_is_shown_alone()
    {
        foreach (var name in (string[])["b", "a-b", "a", "0", "a.b", "a_b"])
        {
            await api.ScheduleAsync(name);
        }

        await api.ClaimOneAsync("b");

        var page = await PageAsync("");

        Assert.Equal(["0", "a", "a-b", "a.b", "a_b", "b"], page.Queues.Select(queue => queue.Queue));
        Assert.Equivalent(await api.QueueAsync("b"), page.Queues[^1], strict: true);
        Assert.Null(page.Next);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(24)]
    [InlineData(25)]
    public async Task Pages_show_every_queue_once(int limit)
    {
        var names = Enumerable.Range(0, 50).Select(i => $"n{i:00}").ToArray();
        await Task.WhenAll(names.Select(name => api.ScheduleAsync(name)));

        var seen = new List<string>();
        string? next = null;
        do
        {
            var page = await PageAsync($"?limit={limit}{(next is null ? "" : "&cursor=" + next)}");
            Assert.InRange(page.Queues.Count, 1, limit);
            seen.AddRange(page.Queues.Select(queue => queue.Queue));
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal(names, seen);
    }

    [Fact]
    public async Task There_may_be_no_queue() => Assert.Empty((await PageAsync("")).Queues);

    [Theory]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=1001", "limit")]
    [InlineData("?cursor=", "cursor")]
    [InlineData("?cursor=AAAA", "cursor")]
    [InlineData("?cursor=*", "cursor")]
    [InlineData("?queue=a", "queue")]
    public async Task A_query_parameter_that_is_not_valid_is_named(string query, string name) =>
        await Api.AssertInvalidAsync(await api.GetAsync("/queues" + query), name);

    private async Task<ListQueues.Response> PageAsync(string query) =>
        await Api.ReadAsync(await api.GetAsync("/queues" + query), WireJson.Default.ListQueuesResponse);

    public sealed class OnEmbedded(EmbeddedEngine engine) : ListQueuesTests(new EmbeddedApi(engine));

    public sealed class OnRedis(RedisEngine engine) : ListQueuesTests(new RedisApi(engine));
}
