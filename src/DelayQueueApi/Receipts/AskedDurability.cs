using System.Globalization;
using DelayQueueApi.Http;
using Microsoft.Extensions.Primitives;

namespace DelayQueueApi.Receipts;

/// <summary>The header Durability: what is to be known of a write before it is answered, and in the answer what is known.</summary>
/// <param name="Replicas">So many replicas have it in memory; 0 where none is asked for.</param>
/// <param name="Fsync">It is on the disk of the primary.</param>
internal sealed record AskedDurability(int Replicas, bool Fsync)
{
    public const string Header = "Durability";
    public static readonly string Rule = $"must be fsync, replicated=N or both with a comma between them, N from 1 to {Limits.MaxReplicas}";

    private const string FsyncName = "fsync";
    private const string ReplicatedName = "replicated=";

    /// <returns>What is asked for, or null where the header does not say it as it must.</returns>
    public static AskedDurability? Parse(StringValues header)
    {
        var asked = new AskedDurability(0, Fsync: false);
        foreach (var part in header.ToString().Split(','))
        {
            switch (part.Trim(' ', '\t'))
            {
                case FsyncName when !asked.Fsync:
                    asked = asked with { Fsync = true };
                    break;
                case var named when asked.Replicas == 0 && named.StartsWith(ReplicatedName, StringComparison.Ordinal)
                    && int.TryParse(named[ReplicatedName.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var replicas)
                    && replicas is > 0 and <= Limits.MaxReplicas:
                    asked = asked with { Replicas = replicas };
                    break;
                default:
                    return null;
            }
        }

        return asked;
    }

    public override string ToString() => (Replicas, Fsync) switch
    {
        (0, _) => FsyncName,
        (_, false) => $"{ReplicatedName}{Replicas}",
        _ => $"{ReplicatedName}{Replicas}, {FsyncName}",
    };
}
