using System.Globalization;
using DelayQueueApi.Http;
using DelayQueueApi.Schedules;

namespace DelayQueueApi.Tests.Schedules;

/// <summary>Which instants a schedule has; the changes of the clock in Berlin are those of 2030: 31 March and 27 October at 01:00 UTC.</summary>
public sealed class RecurrenceTests
{
    [Theory]
    [InlineData("every day at three", "0 3 * * *", "2030-03-30T12:00:00Z", "2030-03-31T01:00:00Z 2030-04-01T01:00:00Z")]
    [InlineData("in the hour that is left out: once, when it is over", "30 2 * * *", "2030-03-30T12:00:00Z", "2030-03-31T01:00:00Z 2030-04-01T00:30:00Z")]
    [InlineData("in the hour that comes twice: once, the first time", "30 2 * * *", "2030-10-26T12:00:00Z", "2030-10-27T00:30:00Z 2030-10-28T01:30:00Z")]
    [InlineData("a step goes on through the hour that comes twice", "*/30 * * * *", "2030-10-27T00:00:00Z", "2030-10-27T00:30:00Z 2030-10-27T01:00:00Z 2030-10-27T01:30:00Z 2030-10-27T02:00:00Z")]
    [InlineData("a step leaves out the hour that is not there", "*/30 * * * *", "2030-03-31T00:30:00Z", "2030-03-31T01:00:00Z 2030-03-31T01:30:00Z")]
    [InlineData("seconds", "*/20 0 0 1 1 *", "2029-12-31T12:00:00Z", "2029-12-31T23:00:00Z 2029-12-31T23:00:20Z 2029-12-31T23:00:40Z 2030-12-31T23:00:00Z")]
    [InlineData("the last Friday of the month", "0 12 * * FRIL", "2030-01-01T00:00:00Z", "2030-01-25T11:00:00Z")]
    [InlineData("a macro", "@yearly", "2030-06-01T00:00:00Z", "2030-12-31T23:00:00Z")]
    public void Cron_is_read_in_Berlin(string what, string cron, string after, string instants)
    {
        Assert.NotEmpty(what);
        AssertInstants($$"""{"job":{"payload":1},"timeZone":"Europe/Berlin","cron":"{{cron}}"}""", after, instants);
    }

    [Theory]
    [InlineData("\"intervalMs\":90000", "2030-01-01T00:00:00Z", "2030-01-01T00:01:30Z 2030-01-01T00:03:00Z")]
    [InlineData("\"intervalMs\":90000", "2030-01-01T00:01:29.999Z", "2030-01-01T00:01:30Z")]
    [InlineData("\"intervalMs\":90000,\"start\":\"2030-01-01T00:00:10Z\"", "2030-01-01T00:00:00Z", "2030-01-01T00:00:10Z 2030-01-01T00:01:40Z")]
    [InlineData("\"intervalMs\":90000,\"start\":\"2000-01-01T00:00:00Z\",\"end\":\"2030-01-01T00:03:00Z\"", "2030-01-01T00:00:00Z", "2030-01-01T00:01:30Z 2030-01-01T00:03:00Z end")]
    [InlineData("\"intervalMs\":31536000000,\"start\":\"9999-06-01T00:00:00Z\"", "2030-01-01T00:00:00Z", "9999-06-01T00:00:00Z end")]
    [InlineData("\"cron\":\"0 * * * *\",\"start\":\"2030-01-01T05:00:00+02:00\",\"end\":\"2030-01-01T04:00:00Z\"", "2030-01-01T00:00:00Z", "2030-01-01T03:00:00Z 2030-01-01T04:00:00Z end")]
    public void Start_and_end_bound_the_instants(string fields, string after, string instants) =>
        AssertInstants($$"""{"job":{"payload":1},{{fields}}}""", after, instants);

    [Theory]
    [InlineData("\"cron\":\"* * 3 * *\"", "2030-01-05T00:00:00Z", "2030-01-03T23:59:00Z")]
    [InlineData("\"cron\":\"* * * * * *\"", "2030-01-05T00:00:00.999Z", "2030-01-05T00:00:00Z")]
    [InlineData("\"cron\":\"30 2 * * *\",\"timeZone\":\"Europe/Berlin\"", "2030-10-27T01:45:00Z", "2030-10-27T00:30:00Z")]
    [InlineData("\"intervalMs\":1000", "2030-01-05T00:00:00.999Z", "2030-01-05T00:00:00Z")]
    [InlineData("\"intervalMs\":86400000,\"end\":\"2030-01-03T12:00:00Z\"", "2031-01-05T00:00:00Z", "2030-01-03T00:00:00Z")]
    public void The_latest_instant_is_found_however_many_have_passed(string fields, string at, string instant) =>
        Assert.Equal(Instant(instant), Of($$"""{"job":{"payload":1},{{fields}}}""").Latest(Instant(at)));

    private static void AssertInstants(string definition, string after, string instants)
    {
        var recurrence = Of(definition);
        var at = Instant(after);
        foreach (var expected in instants.Split(' '))
        {
            var next = recurrence.After(at);

            Assert.Equal(expected == "end" ? null : Instant(expected), next);
            at = next ?? at;
        }
    }

    private static Recurrence Of(string definition) => new(
        RawJson.Read(System.Text.Encoding.UTF8.GetBytes(definition), WireJson.Default.PutScheduleRequest)!, Instant("2030-01-01T00:00:00Z"));

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
