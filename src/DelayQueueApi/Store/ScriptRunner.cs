using DelayQueueApi.Events;
using DelayQueueApi.Telemetry;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>Runs scripts, and tells of failures in one way.</summary>
internal sealed class ScriptRunner(StoreConnection connection, StoreClock clock, StoreMetrics metrics, IOptions<StoreOptions> options, IOptions<EventOptions> events)
{
    private static readonly TimeSpan WhileSlotMoves = TimeSpan.FromMilliseconds(10);

    private IDatabase? own;

    /// <returns>One that runs them there, and not on the connection that all share.</returns>
    public ScriptRunner On(IDatabase database) => new(connection, clock, metrics, options, events) { own = database };

    /// <exception cref="StoreException">The store could not be asked or did not answer.</exception>
    public async Task<RedisResult> RunAsync(Script script, ScriptCall call)
    {
        using var span = Spans.Script(script.Name, call.SharedBy);
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                var reply = await EvaluateAsync(script, call);
                metrics.Ran(script.Name, call.SharedBy, started);
                return reply;
            }
            catch (RedisServerException error) when (
                error.Message.StartsWith("TRYAGAIN", StringComparison.Ordinal)
                && TimeProvider.System.GetElapsedTime(started).TotalMilliseconds < options.Value.TimeoutMs)
            {
                // While a Redis Cluster moves the partition's slot to another node, neither has all keys and the script has not begun.
                await Task.Delay(WhileSlotMoves, TimeProvider.System);
            }
            catch (Exception error) when (StoreException.From(error) is { } known)
            {
                metrics.Failed(known);
                span.Fail(known.Kind);
                throw known;
            }
        }
    }

    private async Task<RedisResult> EvaluateAsync(Script script, ScriptCall call)
    {
        var database = own ?? await connection.DatabaseAsync();
        var (keys, arguments) = (call.Keys, call.Arguments(clock.Now, events.Value.Kept));
        try
        {
            return await database.ScriptEvaluateAsync(script.Sha1, keys, arguments);
        }
        catch (RedisServerException error) when (error.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            return await database.ScriptEvaluateAsync(script.Text, keys, arguments);
        }
    }
}
