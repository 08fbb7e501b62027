using Microsoft.Extensions.Options;

namespace DelayQueueApi.Http;

/// <summary>
/// Bounds how many bytes of large bodies are held at once. What counts is what has come in, not what was announced, so that announcing
/// keeps nobody out. A body that comes alone always has room.
/// </summary>
internal sealed class BodyMemory(IOptions<LimitOptions> options)
{
    /// <summary>So much of each body is free: most have no more, and are not looked at.</summary>
    public const int Free = 64 * 1024;

    private readonly long most = options.Value.BodyMemoryBytes > 0 ? options.Value.BodyMemoryBytes : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8;
    private long held;

    /// <summary>By all requests now.</summary>
    public long Held => Interlocked.Read(ref held);

    /// <returns>What a request holds until it is answered.</returns>
    public static Share Of(HttpContext http)
    {
        var share = new Share(http.RequestServices.GetRequiredService<BodyMemory>());
        http.Response.RegisterForDispose(share);
        return share;
    }

    internal sealed class Share(BodyMemory memory) : IDisposable
    {
        private long own;

        /// <param name="length">Of the body as far as it has come.</param>
        /// <returns>False where there is no room for that.</returns>
        public bool TryHold(long length)
        {
            var more = length - Free - own;
            if (more <= 0)
            {
                return true;
            }

            var all = Interlocked.Add(ref memory.held, more);
            own += more;
            return all <= memory.most || all == own;
        }

        public void Dispose() => Interlocked.Add(ref memory.held, -own);
    }
}
