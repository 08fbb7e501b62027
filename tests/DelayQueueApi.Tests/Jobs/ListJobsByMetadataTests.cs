using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

public abstract class ListJobsByMetadataTests(Api api)
{
    private readonly string queue = Api.NewQueue();

    [Fact]
    public async Task Only_jobs_with_all_the_pairs_are_listed()
    {
        var both = await MakeAsync("{\"tenant\":\"a\",\"kind\":\"mail\"}");
        var other = await MakeAsync("{\"kind\":\"mail\",\"more\":\"x\",\"tenant\":\"b\"}");
        await MakeAsync("{\"tenant\":\"a\",\"kind\":\"sms\"}");
        await api.ScheduleAsync(queue);

        Assert.Equal([both], await FindAsync("tenant", "a", "kind", "mail"));
        Assert.Equal([both], await FindAsync("kind", "mail", "tenant", "a"));
        Assert.Equal(new[] { both, other }.Order(StringComparer.Ordinal), await FindAsync("kind", "mail"));
        Assert.Empty(await FindAsync("tenant", "b", "kind", "sms"));
        Assert.Empty(await FindAsync("tenant", "mail"));
    }

    [Theory]
    [InlineData("scheduled")]
    [InlineData("leased")]
    [InlineData("dead")]
    [InlineData("completed")]
    [InlineData("expired")]
    public async Task Jobs_of_every_state_are_found(string state)
    {
        var ids = new List<string>();
        foreach (var value in (string[])["v", "w"])
        {
            var when = state switch { "scheduled" => "\"delayMs\":5000", "expired" => "\"ttlMs\":1", _ => "\"delayMs\":0" };
            ids.Add((await api.ScheduleAsync(queue, $"{when},\"retentionMs\":60000,\"metadata\":{{\"k\":\"{value}\"}}")).Id);
            if (state is not ("scheduled" or "expired"))
            {
                var job = await api.ClaimOneAsync(queue);
                _ = state switch
                {
                    "dead" => await api.SettleAsync(job, "nack", "\"dead\":true"),
                    "completed" => await api.SettleAsync(job, "ack"),
                    _ => null,
                };
            }
        }

        api.Advance(1);
        await api.ReapAsync();

        Assert.Equal([ids[0]], (await api.ListAsync(queue, state, "&metadata.k=v")).Jobs.Select(job => job.Id));
    }

    [Theory]
    [InlineData("k", "a \"quoted\" value")]
    [InlineData("\"", "\\")]
    [InlineData("blå ☎", "😀 Ω")]
    [InlineData("k", "a\tb\nc\u0001")]
    [InlineData("<&'+>", "a=b&metadata.k=c")]
    [InlineData("a.b", "%41 [^\"]*")]
    [InlineData("", "")]
    [InlineData("K", "v")]
    public async Task Any_text_may_be_a_name_and_a_value(string name, string value)
    {
        await MakeAsync("{\"k\":\"v\",\"\\\\\":\"\\\"\",\"bla\":\"a \"}");
        var job = await MakeAsync(System.Text.Json.JsonSerializer.Serialize(new Dictionary<string, string> { ["first"] = "1", [name] = value, ["last"] = "2" }));

        Assert.Equal([job], await FindAsync(name, value));
    }

    [Theory]
    [InlineData("k", "v", "{\"k\":\"vv\",\"kk\":\"v\",\"xk\":\"v\",\"v\":\"k\"}")]
    [InlineData("k", "v", "{\"K\":\"v\",\"k \":\"v\",\"k\":\"V\"}")]
    [InlineData("k", "v", "{\"a\":\"\\\",\\\"k\\\":\\\"v\\\",\\\"\"}")]
    [InlineData("k", "v", "{\"a\\\",\\\"k\\\":\\\"v\":\"b\"}")]
    [InlineData("k", "v\",\"b\":\"w", "{\"k\":\"v\",\"b\":\"w\"}")]
    [InlineData("a\":\"b\",\"k", "v", "{\"a\":\"b\",\"k\":\"v\"}")]
    [InlineData(":", ",", "{\"a\":\":\",\"b\":\"c\"}")]
    [InlineData(",", ":", "{\"a\":\"b\",\":\":\"c\"}")]
    [InlineData("k", "", "{\"k\":\"v\"}")]
    public async Task What_only_looks_like_the_pair_is_not_listed(string name, string value, string metadata)
    {
        await MakeAsync(metadata);

        Assert.Empty(await FindAsync(name, value));
    }

    [Fact]
    public async Task A_payload_that_looks_like_metadata_is_not_looked_at()
    {
        await api.ScheduleAsync(queue, payload: "{\"k\":\"v\"}");
        await api.ScheduleAsync(queue, "\"metadata\":{\"a\":\"b\"}", payload: "{\"metadata\":{\"k\":\"v\"},\"k\":\"v\"}");

        Assert.Empty(await FindAsync("k", "v"));
    }

    [Fact]
    public async Task Few_among_many_are_found_over_pages_that_look_at_a_bounded_number()
    {
        await MakeManyAsync(10_500, i => i is 9_200 or 10_499);

        var first = await api.ListAsync(queue, "ready", "&metadata.k=v");
        var second = await api.ListAsync(queue, "ready", $"&metadata.k=v&cursor={first.Next}");

        // Partitions are read one after the other.
        Assert.Equal(["10499", "9200"], first.Jobs.Concat(second.Jobs).Select(Payload).Order(StringComparer.Ordinal));
        Assert.NotNull(first.Next);
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task None_among_many_ends_after_an_empty_page()
    {
        await MakeManyAsync(10_001, _ => false);

        var first = await api.ListAsync(queue, "ready", "&metadata.k=v&limit=1000");
        var second = await api.ListAsync(queue, "ready", $"&metadata.k=v&limit=1000&cursor={first.Next}");

        Assert.Equal((0, 0, null), (first.Jobs.Count, second.Jobs.Count, second.Next));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(40)]
    public async Task A_page_never_has_more_than_its_limit_and_every_match_is_shown_once(int limit)
    {
        await MakeManyAsync(400, i => i % 10 == 9);
        var (seen, pages, next) = (new List<string>(), 0, "");
        do
        {
            var page = await api.ListAsync(queue, "ready", $"&metadata.k=v&limit={limit}{(next.Length > 0 ? "&cursor=" + next : "")}");
            Assert.InRange(page.Jobs.Count, 0, limit);
            seen.AddRange(page.Jobs.Select(Payload));
            (next, pages) = (page.Next ?? "", pages + 1);
        }
        while (next.Length > 0);

        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{(i * 10) + 9}"), seen);
        Assert.InRange(pages, (40 + limit - 1) / limit, (40 / limit) + 1);
    }

    [Theory]
    [InlineData("&metadata.k=v&metadata.k=w", "metadata.k")]
    [InlineData("&metadata=v", "metadata")]
    [InlineData("&Metadata.k=v", "Metadata.k")]
    public async Task A_name_stands_there_once_and_behind_the_prefix(string query, string name) =>
        await Api.AssertInvalidAsync(await api.GetAsync($"/jobs?queue={queue}&state=ready{query}"), name);

    private async Task<string> MakeAsync(string metadata) => (await api.ScheduleAsync(queue, $"\"metadata\":{metadata}")).Id;

    /// <summary>Jobs whose payload is their number, of which those that match have the pair k=v.</summary>
    private async Task MakeManyAsync(int count, Func<int, bool> match)
    {
        for (var from = 0; from < count; from += 1000)
        {
            var first = from;
            var items = Enumerable.Range(first, Math.Min(1000, count - first)).Select(i =>
                $$"""{"queue":"{{queue}}","payload":{{i}},"metadata":{"k":"{{(match(i) ? "v" : "w")}}"} }""");
            await api.PostAsync("/jobs/batch", $$"""{"jobs":[{{string.Join(',', items)}}]}""");
        }
    }

    private async Task<string[]> FindAsync(params string[] pairs)
    {
        var query = string.Concat(pairs.Chunk(2).Select(pair => $"&metadata.{Uri.EscapeDataString(pair[0])}={Uri.EscapeDataString(pair[1])}"));
        return [.. (await api.ListAsync(queue, "ready", query)).Jobs.Select(job => job.Id)];
    }

    private static string Payload(Job job) => System.Text.Encoding.UTF8.GetString(job.Payload.Utf8.Span);

    public sealed class OnEmbedded(EmbeddedApi api) : ListJobsByMetadataTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ListJobsByMetadataTests(api), IClassFixture<RedisApi>;

    public sealed class InPartitions(PartitionedApi api) : ListJobsByMetadataTests(api), IClassFixture<PartitionedApi>;
}
