using System.Globalization;
using Microsoft.OpenApi;

namespace DelayQueueApi.Tests.Fuzz;

/// <summary>What stands in fields and parameters: what may hurt, the ends of what is allowed, and what is good.</summary>
internal static class Values
{
    /// <summary>As JSON: of each type, and of none.</summary>
    public static IReadOnlyList<string> HostileJson { get; } =
    [
        "null", "true", "false", "0", "-0", "1", "-1", "0.5", "1.0", "1e0", "1e400", "-1e400", "1e-400", "2147483647", "2147483648", "-2147483648", "4294967296",
        "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "99999999999999999999999999", "01", "+1", ".5", "NaN", "Infinity",
        "\"\"", "\" \"", "\"0\"", "\"1\"", "\"null\"", "\"*\"", "\"..\"", "\"a/b\"", "\"a:b\"", "\"{0}\"", "\"%00\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00x\"",
        "\"\\u202e\"", "\"\\r\\nX: 1\"", "\"é\"", "\"\\ud83d\\ude00\"", "\"'; DROP TABLE jobs --\"", "\"9999-12-31T23:59:59.999Z\"", "\"0001-01-01T00:00:00Z\"",
        "\"0001-01-01T00:00:00+14:00\"", "\"9999-12-31T23:59:59.9999999-14:00\"", "\"2030-02-30T00:00:00Z\"", "\"* * * * *\"", "\"0 0 30 2 *\"", "\"* * * * * * *\"",
        $"\"{new string('a', 64)}\"", $"\"{new string('a', 65)}\"", $"\"{new string('a', 20_000)}\"", "[]", "{}", "[null]", "[[]]", "{\"a\":null}", "[1,1]", "[\"a\",\"a\"]",
        $"{new string('[', 40)}{new string(']', 40)}", "", "\"", "{", "'a'", "undefined",
    ];

    /// <summary>In paths, queries and headers.</summary>
    public static IReadOnlyList<string> HostileText { get; } =
    [
        "", " ", "0", "-1", "1", "1.5", "1e3", "+1", "00", "2147483648", "9223372036854775808", "99999999999999999999", "null", "true", "TRUE", "*", ".", "..", "../..",
        "a/b", "a\\b", "a%2fb", "%", "%00", "\0", "\r\n", "é", "\ud83d\ude00", "\u202ea", "\"", "\"a", "\"a\"", "W/\"1\"", "a,b", "wait=", "wait=1", "wait=-1", "wait=61", "wait=1e9",
        "fsync", "replicated=0", "replicated=1", "replicated=101", "fsync, fsync", "respond-async, wait=1", "=", "&", "?", "#", "[]", "{}", "'", "<script>", "${jndi:ldap://x}",
        "0-01M84XZDE200000FAWMB8EZEZX", "00000000000000000000000000000000", new string('a', 64), new string('a', 65), new string('a', 5_000),
    ];

    /// <summary>The ends of what a field allows, and one beyond them.</summary>
    public static IEnumerable<string> Bounds(IOpenApiSchema schema)
    {
        foreach (var bound in (string?[])[schema.Minimum, schema.Maximum])
        {
            if (decimal.TryParse(bound, NumberStyles.Float, CultureInfo.InvariantCulture, out var end))
            {
                yield return (end - 1).ToString(CultureInfo.InvariantCulture);
                yield return end.ToString(CultureInfo.InvariantCulture);
                yield return (end + 1).ToString(CultureInfo.InvariantCulture);
            }
        }

        foreach (var length in (int?[])[schema.MinLength, schema.MaxLength])
        {
            for (var chars = length - 1; chars <= length + 1; chars++)
            {
                yield return $"\"{new string('a', Math.Max(0, chars!.Value))}\"";
            }
        }

        foreach (var value in schema.Enum ?? [])
        {
            yield return value.ToJsonString();
        }
    }
}
