namespace DelayQueueApi.Faults.Clients;

/// <summary>A job to schedule. Its payload is its own, so that it is known again whatever id it got.</summary>
/// <param name="Key">Idempotency key.</param>
/// <param name="Payload">JSON text.</param>
internal sealed record NewJob(string Key, string Queue, string Payload, int MaxAttempts = 20, long? DelayMs = null, DateTimeOffset? RunAt = null, int Priority = 4)
{
    public string Body
    {
        get
        {
            var when = DelayMs is { } delay ? $",\"delayMs\":{delay}" : RunAt is { } at ? $",\"runAt\":\"{at:O}\"" : "";
            return $$"""{"queue":"{{Queue}}","payload":{{Payload}},"maxAttempts":{{MaxAttempts}},"priority":{{Priority}},"backoff":{"type":"fixed","delayMs":100}{{when}}}""";
        }
    }

    /// <summary>The next link of a chain: one for each job, whichever of its leases acks it.</summary>
    public static NewJob After(ClaimedJob job) => new($"after {job.Id}", job.Queue, $$"""{ "after":"{{job.Id}}" }""");

    /// <summary>Whether a job is such a link itself.</summary>
    public static bool IsLink(ClaimedJob job) => job.Payload.StartsWith("""{ "after":""", StringComparison.Ordinal);

    /// <summary>A job that is due within half a second, and whose payload no JSON library would give back as it is.</summary>
    public static NewJob Any(string key, string queue, Random random)
    {
        var payload = $$"""{ "key":"{{key}}",  "n":12345678901234567890.10, "none":[ ], "é":"\u00e9" }""";
        var job = new NewJob(key, queue, payload, MaxAttempts: random.Next(2, 6), Priority: random.Next(10));
        var soon = random.Next(500);
        return random.Next(3) switch
        {
            0 => job with { DelayMs = soon },
            1 => job with { RunAt = TimeProvider.System.GetUtcNow().AddMilliseconds(soon) },
            _ => job,
        };
    }
}
