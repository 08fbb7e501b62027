using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>Runs scripts on the partition, and tells of failures in one way.</summary>
internal sealed class ScriptRunner(StoreConnection connection, PartitionKeys keys, StoreClock clock)
{
    /// <exception cref="StoreException">The store could not be asked or did not answer.</exception>
    public async Task<RedisResult> RunAsync(Script script, ScriptCall call)
    {
        try
        {
            var database = await connection.DatabaseAsync();
            var (keysOfCall, arguments) = (keys.For(call.Queues, call.FurtherKeys), call.Arguments(clock.Now));
            try
            {
                return await database.ScriptEvaluateAsync(script.Sha1, keysOfCall, arguments);
            }
            catch (RedisServerException error) when (error.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
            {
                return await database.ScriptEvaluateAsync(script.Text, keysOfCall, arguments);
            }
        }
        catch (Exception error) when (StoreException.From(error) is { } known)
        {
            throw known;
        }
    }
}
