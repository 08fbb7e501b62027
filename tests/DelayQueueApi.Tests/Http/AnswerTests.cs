using System.Text;
using System.Text.Json;
using CsCheck;
using DelayQueueApi.Http;

namespace DelayQueueApi.Tests.Http;

/// <summary>An answer that writes itself must have every property, as the serializer writes it.</summary>
public class AnswerTests
{
    private static readonly string[] Texts = ["", "a", "ü", "\"<&\\", "\u2028\n", "0-01JD3W8Y9A0000000000000HB2"];
    private static readonly string[] Values = ["1", "null", "{ \"a\" : [ 1, \"\\u00e9\" ] }", "\"<\""];

    public static TheoryData<Type> Answers =>
        [.. typeof(IWritesItself).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(IWritesItself)) && !type.IsInterface)];

    [Theory]
    [MemberData(nameof(Answers))]
    public void What_writes_itself_is_what_the_serializer_writes(Type type)
    {
        var info = WireJson.Default.GetTypeInfo(type)!;
        Gen.Int.Sample(
            seed =>
            {
                var answer = Any(type, new Random(seed));
                var buffer = new MemoryStream();
                using (var json = new Utf8JsonWriter(buffer))
                {
                    ((IWritesItself)answer).WriteTo(json);
                }

                Assert.Equal(JsonSerializer.Serialize(answer, info), Encoding.UTF8.GetString(buffer.ToArray()));
            },
            iter: 2_000, threads: 1);
    }

    /// <summary>Of a record: with any arguments, and without what it need not have in half of the cases.</summary>
    private static object Any(Type type, Random random)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
        {
            var values = Enum.GetValues(type);
            return values.GetValue(random.Next(values.Length))!;
        }

        return type == typeof(string) ? Texts[random.Next(Texts.Length)]
            : type == typeof(int) ? random.Next(-1, 1_000)
            : type == typeof(long) ? random.NextInt64()
            : type == typeof(double) ? random.NextDouble()
            : type == typeof(bool) ? random.Next(2) == 0
            : type == typeof(DateTimeOffset) ? DateTimeOffset.UnixEpoch.AddMilliseconds(random.NextInt64(4_000_000_000_000)).ToOffset(TimeSpan.FromHours(random.Next(-3, 3)))
            : type == typeof(RawJson) ? new RawJson(Encoding.UTF8.GetBytes(Values[random.Next(Values.Length)]))
            : type == typeof(Dictionary<string, string>) ? new Dictionary<string, string> { ["k<"] = Texts[random.Next(Texts.Length)] }
            : type == typeof(IDictionary<string, string[]>) ? new Dictionary<string, string[]> { ["k<"] = Texts }
            : type.IsArray ? Many(type.GetElementType()!, random)
            : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? Many(type.GetGenericArguments()[0], random)
            : AnyRecord(type, random);
    }

    private static Array Many(Type type, Random random)
    {
        var all = Array.CreateInstance(type, random.Next(4));
        for (var i = 0; i < all.Length; i++)
        {
            all.SetValue(Any(type, random), i);
        }

        return all;
    }

    private static object AnyRecord(Type type, Random random)
    {
        var constructor = type.GetConstructors().MaxBy(constructor => constructor.GetParameters().Length)!;
        return constructor.Invoke([.. constructor.GetParameters().Select(parameter => parameter.HasDefaultValue && random.Next(2) == 0 ? null : Any(parameter.ParameterType, random))]);
    }
}
