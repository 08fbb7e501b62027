using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Security;

/// <summary>How many claims of a namespace, and of a key, may wait at this instance at once, so that none takes all the room.</summary>
internal sealed class WaitingQuota(IOptions<SecurityOptions> options)
{
    private readonly ConcurrentDictionary<string, int> waiting = new();

    /// <returns>False where as many wait as may. After true, call <see cref="Leave(Caller)"/>.</returns>
    public bool TryEnter(Caller caller)
    {
        if (!TryEnter(caller.Namespace, MostOf(caller.Namespace)))
        {
            return false;
        }

        if (TryEnter(caller.FullId, caller.WaitingClaims))
        {
            return true;
        }

        Leave(caller.Namespace, MostOf(caller.Namespace));
        return false;
    }

    public void Leave(Caller caller)
    {
        Leave(caller.Namespace, MostOf(caller.Namespace));
        Leave(caller.FullId, caller.WaitingClaims);
    }

    private bool TryEnter(string who, int? most)
    {
        if (most is null || waiting.AddOrUpdate(who, 1, (_, count) => count + 1) <= most)
        {
            return true;
        }

        Leave(who, most);
        return false;
    }

    private void Leave(string who, int? most)
    {
        if (most is not null)
        {
            waiting.AddOrUpdate(who, 0, (_, count) => count - 1);
        }
    }

    private int? MostOf(string @namespace) => options.Value.Namespaces.TryGetValue(@namespace, out var bounds) ? bounds.WaitingClaims : null;
}
