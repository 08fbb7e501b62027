using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DelayQueueApi.Faults.Processes;

/// <summary>The network between the service and its store, which tests break.</summary>
internal sealed class StoreProxy : IAsyncDisposable
{
    private readonly int storePort;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentDictionary<Link, bool> links = [];
    private readonly Task accepting;
    private volatile TaskCompletionSource open = Opened();
    private CallFault? armed;

    public StoreProxy(int storePort)
    {
        this.storePort = storePort;
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Address => $"{listener.LocalEndpoint}";

    /// <summary>How long everything takes to get there; and to come back.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>By how much more than that, at most; each time by another part of it.</summary>
    public TimeSpan Jitter { get; set; }

    /// <summary>The store gets everything, and nobody hears of it.</summary>
    public bool LosesReplies { get; set; }

    /// <summary>Puts other words into the store's mouth, in its replies as far as they come in one piece.</summary>
    public Func<string, string>? Rewrite { get; set; }

    /// <summary>Drops all connections; new ones may be made.</summary>
    public void Cut()
    {
        foreach (var link in links.Keys)
        {
            link.Dispose();
        }
    }

    /// <summary>From now on nothing gets through, and nobody is told; connections stay.</summary>
    public void Swallow() => open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was swallowed and all that comes gets through.</summary>
    public void LetThrough() => open.TrySetResult();

    /// <summary>Breaks the connection at a script call that is yet to come.</summary>
    public void Arm(CallFault? fault) => armed = fault;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Dispose();
        Cut();
        LetThrough();
        await accepting;
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var link = new Link(this, await listener.AcceptTcpClientAsync(ending.Token));
                links[link] = true;
                _ = link.RunAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private static TaskCompletionSource Opened()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    /// <summary>One connection of the service, and the one to the store that belongs to it.</summary>
    private sealed class Link(StoreProxy proxy, TcpClient service) : IDisposable
    {
        private readonly TcpClient store = new();
        private readonly CommandReader commands = new();
        private bool onlyDrains;
        private CallFault? met;

        public async Task RunAsync()
        {
            try
            {
                await store.ConnectAsync(IPAddress.Loopback, proxy.storePort);
                await using var serviceStream = service.GetStream();
                await using var storeStream = store.GetStream();
                var returning = PumpAsync(storeStream, serviceStream, ReturnAsync);
                await Task.WhenAny(PumpAsync(serviceStream, storeStream, ForwardAsync), returning);
                if (onlyDrains)
                {
                    // The store ends the connection once it has done what was sent.
                    await returning;
                }

                await (met?.MeetAsync(proxy.ending.Token) ?? Task.CompletedTask);
            }
            catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // One side is gone, so the other goes too.
            }

            proxy.links.TryRemove(this, out _);
            Dispose();
        }

        public void Dispose()
        {
            service.Dispose();
            store.Dispose();
        }

        private async Task PumpAsync(NetworkStream source, NetworkStream target, Func<NetworkStream, ReadOnlyMemory<byte>, Task<bool>> pass)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                int read;
                while ((read = await source.ReadAsync(buffer)) > 0)
                {
                    await proxy.open.Task;
                    await Task.Delay(proxy.Latency + (proxy.Jitter * Random.Shared.NextDouble()), TimeProvider.System, proxy.ending.Token);
                    if (!await pass(target, buffer.AsMemory(0, read)))
                    {
                        return;
                    }
                }
            }
            catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // As if it had been closed.
            }
        }

        private async Task<bool> ForwardAsync(NetworkStream target, ReadOnlyMemory<byte> bytes)
        {
            foreach (var (end, script) in commands.EndsOfScriptCalls(bytes.Span))
            {
                var fault = proxy.armed;
                if (fault is null || !fault.IsMet(script))
                {
                    continue;
                }

                met = fault;
                if (fault.IsApplied)
                {
                    onlyDrains = true;
                    await target.WriteAsync(bytes[..end]);
                    store.Client.Shutdown(SocketShutdown.Send);
                }

                return false;
            }

            await target.WriteAsync(bytes);
            return true;
        }

        private async Task<bool> ReturnAsync(NetworkStream target, ReadOnlyMemory<byte> bytes)
        {
            if (!onlyDrains && !proxy.LosesReplies)
            {
                await target.WriteAsync(proxy.Rewrite is { } rewrite ? Encoding.Latin1.GetBytes(rewrite(Encoding.Latin1.GetString(bytes.Span))) : bytes);
            }

            return true;
        }
    }
}

/// <summary>
/// A fault at the nth script call from now on: before the store has it, or after it has done it. Then the connection breaks, or, with
/// <paramref name="holds"/>, nothing more comes through it.
/// </summary>
/// <param name="script">Only calls of this script count; null for all.</param>
internal sealed class CallFault(int call, bool applied, Store.Script? script = null, bool holds = false)
{
    private readonly string? name = script is null ? null : Convert.ToHexStringLower(script.Sha1);
    private readonly TaskCompletionSource met = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int left = call;

    public bool IsApplied => applied;

    public bool WasMet => Volatile.Read(ref left) <= 0;

    /// <summary>Completes once the call is on hold.</summary>
    public Task Met => met.Task;

    /// <param name="called">As the store names it.</param>
    public bool IsMet(string called) => (name is null || name == called) && Interlocked.Decrement(ref left) == 0;

    /// <summary>Keeps the connection as it is, where it is to be held.</summary>
    public Task MeetAsync(CancellationToken end)
    {
        met.TrySetResult();
        return holds ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, end) : Task.CompletedTask;
    }
}
