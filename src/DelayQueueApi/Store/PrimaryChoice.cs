using System.Net;

namespace DelayQueueApi.Store;

/// <summary>
/// Takes the primary of the newest epoch that any Sentinel knows or has known. Sentinels that have all lost what they knew begin at epoch 0 again:
/// theirs is taken once, for some seconds, none of them has known the newest epoch and most of all have named one server.
/// </summary>
internal sealed class PrimaryChoice(TimeProvider time)
{
    /// <summary>Sentinels tell each other of a newer epoch every 2 s.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private NamedPrimary? known;
    private NamedPrimary? anew;
    private long anewSince;

    /// <param name="named">What each Sentinel says now; null of one that says nothing.</param>
    /// <returns>Null while none was ever named.</returns>
    public EndPoint? Take(IReadOnlyList<NamedPrimary?> named)
    {
        if (named.MaxBy(primary => primary?.Epoch ?? -1) is { } newest && newest.Epoch >= (known?.Epoch ?? 0))
        {
            (known, anew) = (newest, null);
            return known.Address;
        }

        var agreed = AgreedIn(named);
        if (!Equals(agreed?.Address, anew?.Address))
        {
            (anew, anewSince) = (agreed, time.GetTimestamp());
        }
        else if (agreed is not null && time.GetElapsedTime(anewSince) >= Patience)
        {
            (known, anew) = (agreed, null);
        }

        return known?.Address;
    }

    private static NamedPrimary? AgreedIn(IReadOnlyList<NamedPrimary?> named) =>
        named.OfType<NamedPrimary>().GroupBy(primary => primary.Address).FirstOrDefault(same => same.Count() * 2 > named.Count)?.MaxBy(primary => primary.Epoch);
}

/// <param name="Epoch">Grows with each failover.</param>
internal sealed record NamedPrimary(EndPoint Address, long Epoch);
