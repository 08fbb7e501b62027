using System.Globalization;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Schedules;

/// <summary>A host of its own for each test, whose clock begins with 2030.</summary>
public abstract class DaylightSavingTests(Api api) : IAsyncLifetime
{
    private readonly string queue = Api.NewQueue();

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Theory]
    [InlineData("2030-03-29T12:00:00Z", "2030-03-30T01:30:00Z 2030-03-31T01:00:00Z 2030-04-01T00:30:00Z")]
    [InlineData("2030-10-25T12:00:00Z", "2030-10-26T00:30:00Z 2030-10-27T00:30:00Z 2030-10-28T01:30:00Z")]
    public async Task Half_past_two_in_Berlin_fires_once_a_day_also_where_the_hour_is_left_out_or_comes_twice(string from, string instants)
    {
        api.Clock.SetUtcNow(At(from));
        await api.PutAsync("/schedules/berlin", $$"""{"cron":"30 2 * * *","timeZone":"Europe/Berlin","job":{"payload":1,"queue":"{{queue}}"} }""");

        for (var half = 0; half < 2 * 66; half++)
        {
            api.Advance(30 * 60_000);
            await api.FireAsync();
        }

        Assert.Equal(instants.Split(' ').Select(At), (await api.ClaimAsync(queue, "\"limit\":9")).Select(job => job.RunAt));
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    public sealed class OnEmbedded(EmbeddedEngine engine) : DaylightSavingTests(new EmbeddedApi(engine));

    public sealed class OnRedis(RedisEngine engine) : DaylightSavingTests(new RedisApi(engine));
}
