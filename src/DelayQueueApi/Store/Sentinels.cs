using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace DelayQueueApi.Store;

/// <summary>
/// The Sentinels of a connection string that names a service. They alone say which server is the primary: a server that comes back after a
/// failover takes itself for it until they have told it otherwise, and what is written to it by then is lost.
/// </summary>
/// <param name="settings">Their addresses, and the name of the service.</param>
internal sealed class Sentinels(ConfigurationOptions settings) : IAsyncDisposable
{
    private readonly SemaphoreSlim asking = new(1);
    private readonly PrimaryChoice choice = new(TimeProvider.System);
    private ConnectionMultiplexer? connection;

    /// <returns>The primary that <see cref="PrimaryChoice"/> takes of those that they name.</returns>
    /// <exception cref="StoreException">None was ever named.</exception>
    public async Task<EndPoint> PrimaryAsync()
    {
        await asking.WaitAsync();
        try
        {
            connection ??= await ConnectionMultiplexer.SentinelConnectAsync(settings);
            return choice.Take(await Task.WhenAll(connection.GetServers().Select(AskAsync)))
                ?? throw new StoreException(Applied.No, $"No Sentinel that can be reached names a primary of {settings.ServiceName}.");
        }
        finally
        {
            asking.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }

        asking.Dispose();
    }

    /// <summary>The epoch is asked for before the address, so that an address is never taken for newer than it is.</summary>
    private async Task<NamedPrimary?> AskAsync(IServer sentinel)
    {
        try
        {
            var state = sentinel.SentinelMasterAsync(settings.ServiceName!);
            var address = sentinel.SentinelGetMasterAddressByNameAsync(settings.ServiceName!);
            var epoch = (await state).First(field => field.Key == "config-epoch").Value;
            return await address is { } named ? new NamedPrimary(named, long.Parse(epoch, CultureInfo.InvariantCulture)) : null;
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            return null;
        }
    }
}
