using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CsCheck;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using FluentValidation;

namespace DelayQueueApi.Tests.Http;

/// <summary>A request that reads itself must be what the serializer reads, and keep every rule, as nobody asks them any more.</summary>
public class PlainRequestTests
{
    private static readonly string[] Numbers =
    [
        "null", "-1", "0", "1", "100", "101", "999", "1000", "30000", "60000", "60001", "43200000", "43200001", "2147483648", "315360000000", "315360000001",
        "9223372036854775808", "1.0", "1e2", "\"1\"", "01",
    ];

    private static readonly string[] Texts =
    [
        "\"default\"", "\"a\"", "\"a.b-c_9\"", "\"\"", "\"A\"", "\"-a\"", "\"a b\"", "\"a\\n\"", "\"\\u0061\"", "\"\\ud800\"", "\"ü\"", $"\"{new string('q', 64)}\"", $"\"{new string('q', 65)}\"",
        "null", "1",
    ];

    private static readonly string[] Values = ["1", "null", "{\"a\":[1,{}]}", "[]", "\"\\u00e9\"", "\"\\ud800\"", "{\"a\":1,\"a\":2}", new string('[', 31) + new string(']', 31), new string('[', 32) + new string(']', 32), "[1", ""];

    /// <summary>Half of a surrogate pair; as long as the names that it is compared with.</summary>
    private static readonly (string Name, Gen<string> Value) Broken = ("\\ud800abcdef", AnyOf(Values));

    private static readonly Gen<string> Jobs = ObjectWith(
        Broken, ("payload", AnyOf(Values)), ("queue", AnyOf(Texts)), ("delayMs", AnyOf(Numbers)), ("p\\u0061yload", AnyOf(Values)), ("priority", AnyOf(Numbers)), ("Queue", AnyOf(Texts)));

    private static readonly Gen<string> Claims = ObjectWith(
        Broken,
        ("queues", AnyOf([.. Texts.Select(text => $"[{text}]"), "[]", "[\"a\",\"b\"]", "[\"a\",\"a\"]", "\"a\"", "null"])),
        ("limit", AnyOf(Numbers)), ("leaseMs", AnyOf(Numbers)), ("waitMs", AnyOf(Numbers)), ("worker", AnyOf(Texts)), ("claimId", AnyOf(Texts)));

    private static readonly Gen<string> Acks = ObjectWith(
        Broken, ("leaseToken", AnyOf(Texts)), ("id", AnyOf(Texts)), ("result", AnyOf(Values)), ("then", AnyOf(Values)));

    [Fact]
    public void A_job() => AssertPlainIsRight(Jobs, WireJson.Default.ScheduleJobRequest, new ScheduleJob.Validator());

    [Fact]
    public void A_claim() => AssertPlainIsRight(Claims, WireJson.Default.ClaimJobsRequest, new ClaimJobs.Validator());

    [Fact]
    public void An_ack() => AssertPlainIsRight(Acks, WireJson.Default.AckJobRequest);

    [Fact]
    public void An_ack_of_many() => AssertPlainIsRight(Acks, WireJson.Default.SettleJobsAck);

    [Theory]
    [InlineData("""{"payload":1}""")]
    [InlineData(""" { "payload" : {"k":"v"} , "delayMs" : 0 , "queue" : "default" } """)]
    public void What_most_say_of_a_job_is_plain(string json) => Assert.True(JsonBody<ScheduleJob.Request>.Read(Encoding.UTF8.GetBytes(json)).IsPlain);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"queues":["default"],"limit":100,"leaseMs":30000,"waitMs":60000}""")]
    public void What_most_claims_say_is_plain(string json) => Assert.True(JsonBody<ClaimJobs.Request>.Read(Encoding.UTF8.GetBytes(json)).IsPlain);

    [Fact]
    public void What_most_acks_say_is_plain()
    {
        Assert.True(JsonBody<AckJob.Request>.Read("""{"leaseToken":"t"}"""u8.ToArray()).IsPlain);
        Assert.True(JsonBody<SettleJobs.Ack>.Read("""{"id":"0","leaseToken":"t"}"""u8.ToArray()).IsPlain);
    }

    private static Gen<string> AnyOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <summary>Mostly few of the fields, in any order, seldom one twice; now and then not closed, or with something behind.</summary>
    private static Gen<string> ObjectWith(params (string Name, Gen<string> Value)[] fields)
    {
        var field = Gen.OneOf([.. fields.Select(field => field.Value.Select(value => $"\"{field.Name}\":{value}"))]);
        return Gen.Select(field.Array[0, 3], AnyOf("", " "), AnyOf("}", "}", "}", "}", " }\n", "} x", "}{}", ",}", ""), (all, space, end) => $"{{{space}{string.Join($"{space},", all)}{end}");
    }

    private static void AssertPlainIsRight<T>(Gen<string> bodies, JsonTypeInfo<T> type, IValidator<T>? validator = null)
        where T : class, IMayBePlain<T>
    {
        var plain = 0;
        bodies.Sample(
            text =>
            {
                var utf8 = Encoding.UTF8.GetBytes(text);
                var body = JsonBody<T>.Read(utf8);
                if (body.IsPlain)
                {
                    plain++;
                    var read = RawJson.Read(utf8, type)!;
                    Assert.Equal(JsonSerializer.Serialize(read, type), JsonSerializer.Serialize(body.Value, type));
                    Assert.True(validator is null || validator.Validate(read).IsValid);
                }
            },
            iter: 50_000, threads: 1);
        Assert.InRange(plain, 100, 49_000);
    }
}
