using System.Text.Json.Serialization;
using DelayQueueApi.Http;

namespace DelayQueueApi.Security;

/// <summary>What a key may do; none includes another. docs/security.md tells which call needs which.</summary>
[Flags]
[JsonConverter(typeof(KebabCaseEnum<Scope>))]
internal enum Scope
{
    None = 0,

    /// <summary>Make jobs and schedules, change and cancel them.</summary>
    Produce = 1,

    /// <summary>Claim jobs and settle them.</summary>
    Consume = 2,

    /// <summary>Look at jobs, queues and schedules.</summary>
    Read = 4,

    /// <summary>Set, pause, purge, redrive and delete queues.</summary>
    Admin = 8,

    /// <summary>See and mend the service as a whole, with what all namespaces have.</summary>
    Operate = 16,
}

internal static class Scopes
{
    public const Scope All = Scope.Produce | Scope.Consume | Scope.Read | Scope.Admin | Scope.Operate;

    private static readonly Scope[] Each = [Scope.Produce, Scope.Consume, Scope.Read, Scope.Admin, Scope.Operate];

    public static IReadOnlyList<Scope> In(Scope scopes) => [.. Each.Where(scope => scopes.HasFlag(scope))];

    /// <returns>The scope of that name, or none.</returns>
    public static Scope Named(string name) => Each.FirstOrDefault(scope => NameOf(scope) == name);

    public static string NameOf(Scope scope) => scope.ToString().ToLowerInvariant();
}
