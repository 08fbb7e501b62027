using System.Net;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>One tenant's waiting claims leave room for those of others.</summary>
public sealed class WaitingQuotaTests(WaitingQuotaTests.Bounded api) : IClassFixture<WaitingQuotaTests.Bounded>
{
    private readonly string queue = $"mine-{Api.NewQueue()}";

    [Fact]
    public async Task A_claim_too_many_is_refused_until_another_has_its_answer()
    {
        var first = await WaitAsync(TestKeys.Acme);

        await Api.AssertProblemAsync(await ClaimAsync(TestKeys.Acme, 60_000), HttpStatusCode.TooManyRequests, "too-many-waiting");
        Assert.Equal(HttpStatusCode.OK, (await ClaimAsync(TestKeys.Acme, 0)).StatusCode);
        var other = await WaitAsync(TestKeys.All);
        await api.ScheduleAsync(TestKeys.Acme, queue);
        await first;

        var second = await WaitAsync(TestKeys.Acme);
        await api.ScheduleAsync(TestKeys.Acme, queue);
        await api.ScheduleAsync(TestKeys.All, queue);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), ((await second).StatusCode, (await other).StatusCode));
    }

    [Fact]
    public async Task A_key_may_have_a_bound_of_its_own()
    {
        var first = await WaitAsync(TestKeys.Mine);

        await Api.AssertProblemAsync(await ClaimAsync(TestKeys.Mine, 60_000), HttpStatusCode.TooManyRequests, "too-many-waiting");
        var other = await WaitAsync(TestKeys.All);

        await api.ScheduleAsync(TestKeys.All, queue);
        await api.ScheduleAsync(TestKeys.All, queue);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), ((await first).StatusCode, (await other).StatusCode));
    }

    private async Task<Task<HttpResponseMessage>> WaitAsync(TestKey key)
    {
        var before = api.Waiting;
        var claim = ClaimAsync(key, 60_000);
        await Api.UntilAsync(() => api.Waiting > before);
        return claim;
    }

    private Task<HttpResponseMessage> ClaimAsync(TestKey key, int waitMs) =>
        api.SendAsync(key, "POST", "/jobs/claim", $$"""{"queues":["{{queue}}"],"waitMs":{{waitMs}}}""");

    /// <summary>One claim of acme may wait, and one of the key mine.</summary>
    public sealed class Bounded(EmbeddedEngine engine) : KeyedApi(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings =>
            new Dictionary<string, string>(TestKeys.Settings)
            {
                ["Security:Namespaces:acme:WaitingClaims"] = "1",
                ["Security:Keys:1:WaitingClaims"] = "1",
            };
    }
}
