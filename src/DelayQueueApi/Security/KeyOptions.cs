using System.Security.Cryptography;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;

namespace DelayQueueApi.Security;

/// <summary>A key as configuration tells it: <c>Security:Keys:&lt;n&gt;</c>, or an entry of the file <c>Security:KeysFile</c>.</summary>
internal sealed class KeyOptions
{
    private const string ScopesRule = "must name some of produce, consume, read, admin, operate, with commas between them";

    /// <summary>Whose key it is; several keys may have the same, so that one can take over from another.</summary>
    public string Id { get; set; } = "";

    /// <summary>SHA-256 of the secret, hex.</summary>
    public string SecretHash { get; set; } = "";

    /// <summary>What it is good for: some of produce, consume, read, admin, operate, with commas between them.</summary>
    public string Scopes { get; set; } = "";

    /// <summary>In which queues: names, or beginnings of names with a star, with commas between them; all where nothing is said.</summary>
    public string Queues { get; set; } = QueuePattern.All.Text;

    public string Namespace { get; set; } = Namespaces.Default;

    /// <summary>From this instant on it is good for nothing.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>How many requests it may send; as <c>Limits:Rate</c> where nothing is said.</summary>
    public RateOptions? Rate { get; set; }

    /// <summary>How many claims with keys of this id may wait at one instance at once; null for no bound.</summary>
    public int? WaitingClaims { get; set; }

    /// <param name="at">Where the entry stands, for the message.</param>
    /// <exception cref="FormatException">It is not an entry; the message tells where and why.</exception>
    public ApiKey ToKey(string at)
    {
        var scopes = Split(Scopes).Select(Security.Scopes.Named).ToArray();
        var queues = Split(Queues).Select(text => new QueuePattern(text)).ToArray();
        Require(KeyText.IsId(Id), nameof(Id), KeyText.IdRule);
        Require(SecretHash.Length == 2 * SHA256.HashSizeInBytes && SecretHash.All(char.IsAsciiHexDigit), nameof(SecretHash), "must be a SHA-256 of 64 hexadecimal digits");
        Require(scopes.Length > 0 && !scopes.Contains(Scope.None), nameof(Scopes), ScopesRule);
        Require(queues.Length > 0 && queues.All(queue => queue.IsValid), nameof(Queues), QueuePattern.Rule);
        Require(Namespaces.IsValid(Namespace), nameof(Namespace), Namespaces.Rule);
        Require(Rate is null or { PerSecond: >= 0 and <= RateOptions.Most, Burst: >= 0 and <= RateOptions.Most }, nameof(Rate), $"must have PerSecond and Burst from 0 to {RateOptions.Most}");
        Require(WaitingClaims is null or >= 0, nameof(WaitingClaims), "must not be negative");
        var caller = new Caller(Id, Namespace, scopes.Aggregate((all, scope) => all | scope), queues)
        {
            Rate = Rate is null ? null : Security.Rate.Of(Rate),
            WaitingClaims = WaitingClaims,
        };
        return new ApiKey(Id, Convert.FromHexString(SecretHash), ExpiresAt, new CallerPrincipal(caller, "ApiKey"));

        void Require(bool holds, string field, string rule)
        {
            if (!holds)
            {
                throw new FormatException($"{at}: {field} {rule}.");
            }
        }
    }

    public static string[] Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

/// <param name="Hash">SHA-256 of the secret.</param>
internal sealed record ApiKey(string Id, byte[] Hash, DateTimeOffset? ExpiresAt, CallerPrincipal Principal);
