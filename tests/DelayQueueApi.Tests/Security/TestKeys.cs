using DelayQueueApi.Security;

namespace DelayQueueApi.Tests.Security;

/// <summary>The keys of a service under test, as settings and as their clients hold them.</summary>
internal static class TestKeys
{
    /// <summary>Everything, in every queue of the namespace default.</summary>
    public static TestKey All { get; } = new("all", "produce,consume,read,admin");

    /// <summary>Everything, in queues whose names begin with mine.</summary>
    public static TestKey Mine { get; } = new("mine", "produce,consume,read,admin", "mine*");

    /// <summary>Everything, in another namespace.</summary>
    public static TestKey Acme { get; } = new("acme", "produce,consume,read,admin", "*", "acme");

    public static TestKey Produce { get; } = new("p", "produce");

    public static TestKey Consume { get; } = new("c", "consume");

    public static TestKey Read { get; } = new("r", "read");

    public static TestKey Admin { get; } = new("a", "admin");

    public static TestKey Operate { get; } = new("o", "operate");

    /// <summary>Until 2030-01-01T01:00:00Z.</summary>
    public static TestKey Short { get; } = new("short", "read", expiresAt: "2030-01-01T01:00:00Z");

    /// <summary>Two of one id.</summary>
    public static TestKey First { get; } = new("twice", "read");

    public static TestKey Second { get; } = new("twice", "read,produce");

    public static IReadOnlyDictionary<string, string> Settings { get; } = new[] { All, Mine, Acme, Produce, Consume, Read, Admin, Operate, Short, First, Second }
        .SelectMany((key, i) => key.Entry.Select(field => KeyValuePair.Create($"Security:Keys:{i}:{field.Key}", field.Value))).ToDictionary();
}

/// <param name="id">Whose.</param>
internal sealed class TestKey(string id, string scopes, string queues = "*", string @namespace = "default", string? expiresAt = null)
{
    private readonly (string Key, byte[] Hash) made = KeyText.New(id);

    /// <summary>As its client holds it.</summary>
    public string Text => made.Key;

    public IReadOnlyDictionary<string, string> Entry => new Dictionary<string, string?>
    {
        ["Id"] = id,
        ["SecretHash"] = Convert.ToHexString(made.Hash),
        ["Scopes"] = scopes,
        ["Queues"] = queues,
        ["Namespace"] = @namespace,
        ["ExpiresAt"] = expiresAt,
    }.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!);
}
