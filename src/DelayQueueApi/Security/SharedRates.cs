using DelayQueueApi.Store;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Security;

/// <summary>
/// How much callers have used of their rates at all instances, as the store keeps it. Who asks while a call to the store is on its way shares
/// the next one, so that a busy caller does not pay one for each request.
/// </summary>
internal sealed class SharedRates : IAsyncDisposable
{
    private static readonly Script TakeScript = Script.Load("Security/TakeRate.lua");

    private readonly ScriptRunner scripts;
    private readonly Partitions partitions;
    private readonly GroupCommits<Asked, Taken> takes;

    public SharedRates(ScriptRunner scripts, Partitions partitions, IOptions<StoreOptions> options)
    {
        (this.scripts, this.partitions) = (scripts, partitions);
        takes = new(partitions, TakeAsync, _ => 1, int.MaxValue, TimeSpan.FromMilliseconds(options.Value.TimeoutMs));
    }

    /// <summary>Takes a request from a caller's rate, where it has any left.</summary>
    /// <exception cref="StoreException">The store could not be asked or did not answer.</exception>
    public Task<Taken> TakeAsync(string who, Rate rate) => takes.SubmitAsync(partitions.Of(who), new Asked(who, rate));

    public ValueTask DisposeAsync() => takes.DisposeAsync();

    private async Task<IReadOnlyList<Taken>> TakeAsync(PartitionKeys partition, IReadOnlyList<Asked> all)
    {
        var call = new ScriptCall(partition) { SharedBy = all.Count, FurtherKeys = [.. all.Select(asked => partition.RateOf(asked.Who))] };
        foreach (var asked in all)
        {
            call.Add(Taken.Second / asked.Rate.PerSecond, asked.Rate.Burst);
        }

        return [.. ((long[])(await scripts.RunAsync(TakeScript, call))!).Chunk(2).Select(taken => new Taken(taken[0] == 1, taken[1]))];
    }

    private sealed record Asked(string Who, Rate Rate);
}

/// <param name="IsAdmitted">Whether the rate had a request left.</param>
/// <param name="Ahead">How long until the burst is whole again, as it would be with the request, µs.</param>
internal sealed record Taken(bool IsAdmitted, long Ahead)
{
    /// <summary>In µs.</summary>
    public const long Second = 1_000_000;
}
