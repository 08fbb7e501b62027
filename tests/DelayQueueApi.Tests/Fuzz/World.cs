using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace DelayQueueApi.Tests.Fuzz;

/// <summary>What a caller has learned from answers, so that requests reach what is there: ids, lease tokens, cursors.</summary>
internal sealed partial class World(Random random)
{
    private const int MostLeases = 20;

    private readonly List<(string Id, string Token)> leases = [("0-01M84XZDE200000FAWMB8EZEZX", "00000000000000000000000000000000")];
    private string cursor = "";
    private (string Id, string Token) lease = ("0-01M84XZDE200000FAWMB8EZEZX", "00000000000000000000000000000000");

    public Random Random => random;

    public T Pick<T>(IReadOnlyList<T> some) => some[random.Next(some.Count)];

    /// <summary>Chooses what the next request is about: a job that is there, or one of those that were.</summary>
    public void Next((string Id, string Token)? job) => lease = job ?? Pick(leases);

    public void Learn(string answer)
    {
        foreach (Match found in Claimed().Matches(answer))
        {
            leases.Add((found.Groups[1].Value, found.Groups[2].Value));
        }

        foreach (Match found in Made().Matches(answer).Take(1))
        {
            leases.Add((found.Groups[1].Value, Pick(leases).Token));
        }

        leases.RemoveRange(0, Math.Max(0, leases.Count - MostLeases));
        cursor = NextPage().Match(answer).Groups[1].Value is { Length: > 0 } next ? next : cursor;
    }

    /// <summary>A good value of a parameter.</summary>
    public string Text(string name) => name switch
    {
        "id" => lease.Id,
        "queue" or "name" => Pick(["fuzz-a", "fuzz-b", "fuzz-c"]),
        "state" => Pick(["scheduled", "ready", "leased", "dead", "completed", "expired"]),
        "cursor" => cursor,
        "limit" or "count" => Pick(["1", "2", "100"]),
        "wait" => Pick(["0", "1"]),
        "force" => Pick(["true", "false"]),
        "Prefer" => "wait=1",
        "Durability" => "fsync",
        "If-Match" => "\"1\"",
        "Idempotency-Key" => $"k{random.Next(50)}",
        _ => "1",
    };

    /// <summary>A value as its schema has it.</summary>
    /// <param name="everything">Whether fields that need not be there are.</param>
    /// <param name="odd">The field that has another value.</param>
    public Node Make(string name, IOpenApiSchema described, bool everything, string? odd = null, string? value = null)
    {
        var schema = Plain(described);
        if (name == odd && value is not null)
        {
            return Node.Raw(value);
        }

        if (schema.Properties is { Count: > 0 } fields)
        {
            return Node.Object(fields
                .Where(field => everything || field.Key == "leaseToken" || schema.Required?.Contains(field.Key) == true || random.Next(4) == 0)
                .Select(field => (field.Key, Make(field.Key, field.Value, everything, odd, value))));
        }

        return schema.Items is { } items ? Node.Array(Enumerable.Range(0, everything ? 1 : 1 + random.Next(2)).Select(_ => Make(name.TrimEnd('s'), items, everything, odd, value)))
            : schema.Enum is { Count: > 0 } all ? Node.Raw(Pick([.. all]).ToJsonString())
            : schema.AdditionalProperties is not null ? Node.Object([("a", Node.String("b"))])
            : Scalar(name, schema);
    }

    /// <summary>Without what says that it may be null.</summary>
    public static IOpenApiSchema Plain(IOpenApiSchema schema) =>
        (schema.OneOf ?? schema.AnyOf ?? schema.AllOf)?.FirstOrDefault(one => one.Type != JsonSchemaType.Null) is { } some ? Plain(some) : schema;

    private Node Scalar(string name, IOpenApiSchema schema) => name switch
    {
        "leaseToken" => Node.String(lease.Token),
        "id" => Node.String(lease.Id),
        "queue" => Node.String(Text("queue")),
        "waitMs" => Node.Raw(Pick(["0", "0", "1"])),
        "delayMs" => Node.Raw(Pick(["0", "1", "60000"])),
        "cron" => Node.String(Pick(["* * * * *", "0 9 * * MON"])),
        "timeZone" => Node.String("Europe/Berlin"),
        "worker" or "claimId" or "key" or "idempotencyKey" => Node.String($"k{random.Next(50)}"),
        _ when schema.Format == "date-time" => Node.String(Pick(["2030-01-01T00:00:00Z", "2029-12-31T00:00:00Z", "2031-01-01T00:00:00+01:00"])),
        _ when schema.Type?.HasFlag(JsonSchemaType.Boolean) == true => Node.Raw(Pick(["true", "false"])),
        _ when schema.Type is { } type && (type.HasFlag(JsonSchemaType.Integer) || type.HasFlag(JsonSchemaType.Number)) =>
            Node.Raw(schema.Minimum is { } least && double.Parse(least, CultureInfo.InvariantCulture) > 1 ? least : Pick(["1", "2", "9"])),
        _ => Node.String(Pick(["a", "b"])),
    };

    [GeneratedRegex("\"id\":\"([^\"]+)\",\"queue\"[^{}]*?\"lease\":\\{\"token\":\"([^\"]+)\"")]
    private static partial Regex Claimed();

    [GeneratedRegex("\"id\":\"([^\"]{29,})\"")]
    private static partial Regex Made();

    [GeneratedRegex("\"next\":\"([^\"]+)\"")]
    private static partial Regex NextPage();
}
