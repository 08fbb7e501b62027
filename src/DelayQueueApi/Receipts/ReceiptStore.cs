using DelayQueueApi.Store;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DelayQueueApi.Receipts;

/// <summary>
/// Asks the store how durable writes are that it has answered. WAIT blocks its connection and counts that connection's own writes, so both
/// have one for themselves: a mark that is written there comes behind all that was answered before, and a replica that has it has all.
/// On a Redis Cluster this is so of each node, whichever of them the write was for.
/// Those who ask at the same time share one mark and one WAIT for the most replicas that any of them wants.
/// </summary>
internal sealed class ReceiptStore : IAsyncDisposable
{
    private const int MostAtOnce = 100;

    private static readonly Script MarkScript = Script.Load("Receipts/WriteMark.lua");

    private readonly StoreConnection connection;
    private readonly ScriptRunner scripts;
    private readonly Partitions partitions;
    private readonly TimeSpan patience;
    private readonly GroupCommit<object?, Facts> looks;
    private readonly GroupCommit<AskedDurability, Confirmed> waits;
    private readonly SemaphoreSlim connecting = new(1);
    private ConnectionMultiplexer? beside;
    private IConnectionMultiplexer? main;

    public ReceiptStore(StoreConnection connection, StoreFacts facts, ScriptRunner scripts, Partitions partitions, IOptions<StoreOptions> options)
    {
        (this.connection, this.scripts, this.partitions) = (connection, scripts, partitions);
        patience = TimeSpan.FromMilliseconds(options.Value.TimeoutMs);
        looks = new(async all => [.. Enumerable.Repeat(await facts.ReadAsync(), all.Count)], _ => 1, MostAtOnce, patience, TimeProvider.System);
        // A WAIT takes as long as a call may, and those who come meanwhile wait for the next one.
        waits = new(WaitAsync, _ => 1, MostAtOnce, 4 * patience, TimeProvider.System);
    }

    /// <summary>What the store is and promises now.</summary>
    /// <exception cref="StoreException">The store could not be asked or did not answer; this holds for all methods here.</exception>
    public Task<Facts> LookAsync() => looks.SubmitAsync(null);

    /// <summary>Waits until what was answered before is as durable as is asked for, or the time is up.</summary>
    /// <returns>What is known by then.</returns>
    public Task<Confirmed> WaitAsync(AskedDurability asked) => waits.SubmitAsync(asked);

    public async ValueTask DisposeAsync()
    {
        await looks.DisposeAsync();
        await waits.DisposeAsync();
        if (beside is not null)
        {
            await beside.DisposeAsync();
        }

        connecting.Dispose();
    }

    private async Task<IReadOnlyList<Confirmed>> WaitAsync(IReadOnlyList<AskedDurability> all)
    {
        try
        {
            var (own, of) = await ConnectAsync();
            var (replicas, fsync) = (all.Max(asked => asked.Replicas), all.Any(asked => asked.Fsync));
            var confirmed = Confirmed.Together(await Task.WhenAll(StoreConnection.ServersOf(own, partitions).Select(server => WaitAsync(own, server, replicas, fsync))));
            // It may stand beside a former primary by now.
            var isSame = (await connection.DatabaseAsync()).Multiplexer == of;
            return [.. Enumerable.Repeat(isSame ? confirmed : Confirmed.Nothing, all.Count)];
        }
        catch (Exception error) when (StoreException.From(error) is { } known)
        {
            throw known;
        }
    }

    private async Task<Confirmed> WaitAsync(ConnectionMultiplexer own, IServer server, int replicas, bool fsync)
    {
        var id = server.ExecuteAsync("CLIENT", "ID");
        var marks = await Task.WhenAll(partitions.Where(keys => own.GetServer(keys.Jobs).EndPoint.Equals(server.EndPoint)).Select(keys => MarkAsync(own, keys)));
        var ms = (int)patience.TotalMilliseconds;
        var replicated = replicas > 0 ? server.ExecuteAsync("WAIT", replicas, ms) : null;
        var synced = fsync ? server.ExecuteAsync("WAITAOF", 1, 0, ms) : null;
        var historyNow = StoreFacts.ReadHistoryAsync(server);
        var idAfter = server.ExecuteAsync("CLIENT", "ID");
        var confirmed = new Confirmed(
            await historyNow, replicated is null ? 0 : (int)await replicated, synced is not null && ((int[])(await synced)!)[0] > 0);
        // On a connection that was made anew, or for a partition that has moved to another node, WAIT has nothing to wait for.
        return (long)await id == (long)await idAfter && marks.All(history => history == confirmed.History) ? confirmed : Confirmed.Nothing;
    }

    /// <returns>The history of the server that has taken the mark.</returns>
    private async Task<string> MarkAsync(ConnectionMultiplexer own, PartitionKeys keys) =>
        (string)(await scripts.On(own.GetDatabase()).RunAsync(MarkScript, new ScriptCall(keys) { FurtherKeys = [keys.Receipts] }))!;

    /// <summary>A connection to where the one leads on which all write, and that one.</summary>
    private async Task<(ConnectionMultiplexer Beside, IConnectionMultiplexer Of)> ConnectAsync()
    {
        await connecting.WaitAsync();
        try
        {
            if (beside is null || (await connection.DatabaseAsync()).Multiplexer != main)
            {
                var former = beside;
                (beside, main) = await connection.ConnectBesideAsync(4 * patience);
                _ = former?.DisposeAsync().AsTask();
            }

            return (beside, main!);
        }
        finally
        {
            connecting.Release();
        }
    }
}

/// <param name="History">Of the servers that tell it, as in <see cref="Facts"/>.</param>
/// <param name="Replicas">How many have it.</param>
internal sealed record Confirmed(string History, int Replicas, bool IsOnDisk)
{
    public static readonly Confirmed Nothing = new("", 0, IsOnDisk: false);

    /// <summary>What holds at all of some servers, in the order of their addresses.</summary>
    public static Confirmed Together(IReadOnlyList<Confirmed> servers) =>
        new(Facts.HistoryOf(servers.Select(server => server.History)), servers.Min(server => server.Replicas), servers.All(server => server.IsOnDisk));
}
