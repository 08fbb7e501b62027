using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Security;

/// <summary>How many claims of a namespace may wait at this instance at once, so that one tenant does not take all the room.</summary>
internal sealed class WaitingQuota(IOptions<SecurityOptions> options)
{
    private readonly ConcurrentDictionary<string, int> waiting = new();

    /// <returns>False where as many wait as may. After true, call <see cref="Leave"/>.</returns>
    public bool TryEnter(string @namespace)
    {
        if (MostOf(@namespace) is not { } most)
        {
            return true;
        }

        if (waiting.AddOrUpdate(@namespace, 1, (_, count) => count + 1) <= most)
        {
            return true;
        }

        Leave(@namespace);
        return false;
    }

    public void Leave(string @namespace)
    {
        if (MostOf(@namespace) is not null)
        {
            waiting.AddOrUpdate(@namespace, 0, (_, count) => count - 1);
        }
    }

    private int? MostOf(string @namespace) => options.Value.Namespaces.TryGetValue(@namespace, out var bounds) ? bounds.WaitingClaims : null;
}
