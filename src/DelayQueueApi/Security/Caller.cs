using System.Security.Claims;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Security;

/// <summary>Who calls, and what that one may do. Handlers take it as a parameter.</summary>
internal sealed class Caller
{
    /// <summary>Everybody, where the service has no keys.</summary>
    public static readonly Caller Anonymous = new("anonymous", Namespaces.Default, Scopes.All, [QueuePattern.All]);

    /// <param name="id">Of the key, or the subject of the token.</param>
    /// <param name="namespace">Nothing outside of it is there for the caller.</param>
    /// <param name="scopes">What the caller may do.</param>
    /// <param name="queues">In which queues of the namespace.</param>
    public Caller(string id, string @namespace, Scope scopes, IEnumerable<QueuePattern> queues)
    {
        (Id, Namespace, Granted, FullId) = (id, @namespace, scopes, $"{@namespace}\0{id}");
        var all = queues.Distinct().ToArray();
        Queues = [.. all.Where(queue => !all.Any(other => other != queue && other.Covers(queue))).OrderBy(queue => queue.Start, StringComparer.Ordinal)];
        SeesAll = Queues.Contains(QueuePattern.All);
    }

    public string Id { get; }

    public string Namespace { get; }

    public Scope Granted { get; }

    /// <summary>The rate of the key; null for the usual one.</summary>
    public Rate? Rate { get; init; }

    /// <summary>How many claims of the key may wait at one instance at once; null for no bound.</summary>
    public int? WaitingClaims { get; init; }

    /// <summary>The id, told from the same one in another namespace.</summary>
    public string FullId { get; }

    /// <summary>In the order of names; none covers another.</summary>
    public IReadOnlyList<QueuePattern> Queues { get; }

    /// <summary>Whether the caller may use every queue of the namespace.</summary>
    public bool SeesAll { get; }

    public static ValueTask<Caller> BindAsync(HttpContext http) => new(http.RequestServices.GetRequiredService<Callers>().Of(http));

    /// <summary>The queue that the caller means by a name; without one the queue default.</summary>
    public QueueName Queue(string? name) => new(name ?? QueueName.Default, Namespace);

    /// <summary>Those that the caller means by names; without any the queue default.</summary>
    public QueueName[] QueuesNamed(string[]? names)
    {
        var queues = new QueueName[names?.Length ?? 1];
        for (var i = 0; i < queues.Length; i++)
        {
            queues[i] = Queue(names?[i]);
        }

        return queues;
    }

    public bool Sees(QueueName queue) => queue.Namespace == Namespace && (SeesAll || Queues.Any(pattern => pattern.Matches(queue.Text)));

    /// <summary>Whether the caller may put jobs into a queue.</summary>
    public bool MayProduce(QueueName queue) => Granted.HasFlag(Scope.Produce) && Sees(queue);

    /// <returns>Why an item of a call may not put a job into a queue, which is noted; or null.</returns>
    public ProblemHttpResult? RefuseItem(string? queue, HttpContext http)
    {
        if (MayProduce(Queue(queue)))
        {
            return null;
        }

        RefusedItems.Note(http, Queue(queue));
        return Problems.Forbidden();
    }

    /// <summary>A name that the caller has made up for something, told from the same name of another one.</summary>
    public string Own(string name) => this == Anonymous ? name : $"{FullId}\0{name}";
}

/// <summary>A caller as the framework's authentication hands it on.</summary>
internal sealed class CallerPrincipal(Caller caller, string scheme) : ClaimsPrincipal(new ClaimsIdentity(ClaimsOf(caller), scheme, "sub", "scope"))
{
    public Caller Caller => caller;

    private static IEnumerable<Claim> ClaimsOf(Caller caller) =>
    [
        new("sub", caller.Id), new("namespace", caller.Namespace),
        .. Scopes.In(caller.Granted).Select(scope => new Claim("scope", Scopes.NameOf(scope))),
        .. caller.Queues.Select(queue => new Claim("queues", queue.Text)),
    ];
}

/// <summary>Tells handlers who calls.</summary>
internal sealed class Callers(KeyRing keys)
{
    /// <summary>Costs nothing where the service has no keys.</summary>
    public Caller Of(HttpContext http) => keys.IsOpen
        ? Caller.Anonymous
        : http.User is CallerPrincipal { Caller: var caller } ? caller
        : throw new System.Diagnostics.UnreachableException("The gate lets nobody in without saying who it is.");
}
