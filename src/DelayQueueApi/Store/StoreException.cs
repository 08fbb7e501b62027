using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>Whether a call that failed has changed the store.</summary>
internal enum Applied
{
    /// <summary>It has not: repeating it cannot duplicate.</summary>
    No,

    /// <summary>It may have: repeat it only in a way that is safe (idempotency key, lease token).</summary>
    Unknown,
}

/// <summary>The store could not be asked, did not answer in time, or refuses to work for now.</summary>
internal sealed class StoreException(Applied applied, string reason, Exception? cause = null) : Exception(reason, cause)
{
    /// <summary>Errors that the store raises before a script's first write.</summary>
    private static readonly string[] Refusals =
        ["LOADING", "CLUSTERDOWN", "READONLY", "MISCONF", "OOM", "BUSY", "TRYAGAIN", "NOREPLICAS", "MASTERDOWN", "NOPERM", "NOAUTH"];

    public Applied Applied { get; } = applied;

    /// <summary>What went wrong, in a word for metrics: timeout, unreachable, what Redis calls its refusal, or stopping.</summary>
    public string Kind { get; private init; } = "refused";

    /// <summary>The exception that callers see for an error of the client library, or null where the error is a bug of ours.</summary>
    public static StoreException? From(Exception error) => error switch
    {
        StoreException store => store,
        RedisTimeoutException timeout => new(Sent(timeout.Commandstatus), "The store did not answer in time.", error) { Kind = "timeout" },
        RedisConnectionException connection => new(Sent(connection.CommandStatus), "The store cannot be reached.", error) { Kind = "unreachable" },
        RedisServerException server when Refusals.FirstOrDefault(refusal => Tells(server.Message, refusal)) is { } refusal =>
            new(Applied.No, $"The store refuses to work for now ({refusal}).", error) { Kind = refusal.ToLowerInvariant() },
        ObjectDisposedException => new(Applied.No, "The service is stopping.", error) { Kind = "stopping" },
        _ => null,
    };

    /// <summary>Goes on with a call that has had an effect already: from here on no failure may say that there was none.</summary>
    public static async Task<T> AfterEffectAsync<T>(Func<Task<T>> goOn, bool hadEffect = true)
    {
        try
        {
            return await goOn();
        }
        catch (StoreException failure) when (hadEffect)
        {
            throw new StoreException(Applied.Unknown, failure.Message, failure);
        }
    }

    /// <summary>Redis before 7 wraps what a script's command is refused with in an error of the script.</summary>
    private static bool Tells(string message, string refusal) =>
        message.StartsWith(refusal, StringComparison.Ordinal)
        || (message.StartsWith("ERR Error running script", StringComparison.Ordinal) && message.Contains($"-{refusal} ", StringComparison.Ordinal));

    private static Applied Sent(CommandStatus status) =>
        status is CommandStatus.WaitingToBeSent or CommandStatus.WaitingInBacklog ? Applied.No : Applied.Unknown;
}
