using System.Net;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>Which keys are good.</summary>
public sealed class ApiKeyTests(KeyedEmbeddedApi api, EmbeddedEngine engine) : IClassFixture<KeyedEmbeddedApi>
{
    [Fact]
    public async Task A_key_may_come_in_a_header_of_its_own()
    {
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(null, "GET", "/queues", null, ("X-Api-Key", TestKeys.Read.Text))).StatusCode);
    }

    [Fact]
    public async Task A_key_in_the_address_is_no_key()
    {
        foreach (var name in (string[])["access_token", "api_key", "key", "X-Api-Key", "Authorization"])
        {
            await AssertRefusedAsync(await api.SendAsync(null, "GET", $"/info?{name}={TestKeys.All.Text}"), "Bearer realm=\"delayqueue\"");
        }
    }

    [Theory]
    [InlineData("dq_")]
    [InlineData("dq__")]
    [InlineData("dq_all_")]
    [InlineData("dq_all_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("dq_nobody_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("dq_all_ü")]
    [InlineData("nonsense")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.")]
    public async Task What_is_not_known_is_refused(string key)
    {
        await AssertRefusedAsync(
            await api.SendAsync(null, "GET", "/info", null, ("Authorization", $"Bearer {key}")),
            "Bearer realm=\"delayqueue\", error=\"invalid_token\"");
    }

    [Fact]
    public async Task A_key_is_good_whole_only()
    {
        var text = TestKeys.All.Text;
        foreach (var key in (string[])[text[..^1], text + "A", text.ToUpperInvariant(), text.Replace("all", "mine", StringComparison.Ordinal), $"{text},{text}"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await api.SendAsync(null, "GET", "/info", null, ("Authorization", $"Bearer {key}"))).StatusCode);
        }
    }

    [Theory]
    [InlineData("Basic ")]
    [InlineData("")]
    public async Task Another_scheme_is_no_key(string scheme) => Assert.Equal(
        HttpStatusCode.Unauthorized,
        (await api.SendAsync(null, "GET", "/info", null, ("Authorization", scheme + TestKeys.All.Text), ("X-Api-Key", TestKeys.All.Text))).StatusCode);

    [Fact]
    public async Task Two_keys_of_one_id_are_good_at_once_each_for_its_own()
    {
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(TestKeys.First, "GET", "/queues")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(TestKeys.Second, "GET", "/queues")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.SendAsync(TestKeys.First, "POST", "/jobs", "{}")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await api.SendAsync(TestKeys.Second, "POST", "/jobs", "{}")).StatusCode);
    }

    [Fact]
    public async Task A_key_is_good_until_its_end()
    {
        var left = new DateTimeOffset(2030, 1, 1, 1, 0, 0, TimeSpan.Zero) - api.Clock.GetUtcNow();
        api.Clock.Advance(left - TimeSpan.FromMilliseconds(1));
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(TestKeys.Short, "GET", "/queues")).StatusCode);

        api.Advance(1);

        Assert.Equal(HttpStatusCode.Unauthorized, (await api.SendAsync(TestKeys.Short, "GET", "/queues")).StatusCode);
    }

    /// <summary>With the queues it was meant for left out, a key would be good for all.</summary>
    [Theory]
    [InlineData("Queue", "mail-*")]
    [InlineData("ExpireAt", "2030-01-31T00:00:00Z")]
    public async Task A_misspelt_field_of_a_key_keeps_the_service_from_starting(string field, string value)
    {
        await using var misspelt = new Misspelt(engine, field, value);

        var refusal = await Assert.ThrowsAnyAsync<FormatException>(async () => await misspelt.InitializeAsync());

        Assert.Contains(field, refusal.Message, StringComparison.Ordinal);
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, string challenge)
    {
        await Api.AssertProblemAsync(answer, HttpStatusCode.Unauthorized, "unauthenticated");
        Assert.Equal(challenge, answer.Headers.WwwAuthenticate.ToString());
    }

    private sealed class Misspelt(EmbeddedEngine engine, string name, string value) : KeyedApi(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { [$"Security:Keys:0:{name}"] = value };
    }
}
