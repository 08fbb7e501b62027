using System.Globalization;
using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Store;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Security;

/// <summary>
/// How much of their rates callers have used at this instance. Of each only one instant is kept: when its burst will be whole again. A request
/// moves that on by its share of a second, and is refused where it would then be further away than a whole burst takes.
/// </summary>
internal sealed class RateLimits(IOptions<LimitOptions> options, SharedRates shared, TimeProvider time)
{
    /// <summary>Beyond so many callers those that are new share one rate, so that addresses that are made up take no more memory.</summary>
    private const int MostCallers = 100_000;

    private const string Others = "";

    private readonly Lock gate = new();
    private readonly Dictionary<string, long> wholeAt = [];
    private readonly long second = time.TimestampFrequency;
    private readonly bool isShared = options.Value.Rate.Shared;
    private long sweepAt = long.MinValue;

    /// <summary>That of callers whose keys have none of their own, and of addresses.</summary>
    public Rate Usual { get; } = Rate.Of(options.Value.Rate);

    /// <summary>Whether a caller may send this request. Costs nothing where there is no limit.</summary>
    public ValueTask<bool> AdmitsAsync(HttpContext http, Caller caller)
    {
        var rate = caller.Rate ?? Usual;
        return rate.IsAny ? new(true) : isShared ? AdmitsSharedAsync(http, caller.FullId, rate) : new(Admits(http, caller.FullId, rate));
    }

    /// <summary>Whether somebody without a key may send this request from its address. That is never shared: addresses cost nothing to make up.</summary>
    public bool AdmitsAddress(HttpContext http) => Usual.IsAny || Admits(http, Place(http.Connection.RemoteIpAddress), Usual);

    private bool Admits(HttpContext http, string who, Rate rate)
    {
        var now = time.GetTimestamp();
        var share = second / rate.PerSecond;
        long ahead;
        bool isAdmitted;
        lock (gate)
        {
            who = wholeAt.ContainsKey(who) || HasRoom(now) ? who : Others;
            ahead = Math.Max(wholeAt.GetValueOrDefault(who, now), now) + share - now;
            isAdmitted = ahead <= share * rate.Burst;
            if (isAdmitted)
            {
                wholeAt[who] = now + ahead;
            }
        }

        return Tell(http.Response.Headers, rate, isAdmitted, ahead, second);
    }

    /// <summary>As the store has it; by what this instance knows itself where that is away.</summary>
    private async ValueTask<bool> AdmitsSharedAsync(HttpContext http, string who, Rate rate)
    {
        try
        {
            var taken = await shared.TakeAsync(who, rate);
            return Tell(http.Response.Headers, rate, taken.IsAdmitted, taken.Ahead, Taken.Second);
        }
        catch (StoreException)
        {
            return Admits(http, who, rate);
        }
    }

    /// <param name="second">In the unit of <paramref name="ahead"/>.</param>
    /// <returns>Whether the request is admitted.</returns>
    private static bool Tell(IHeaderDictionary headers, Rate rate, bool isAdmitted, long ahead, long second)
    {
        var share = second / rate.PerSecond;
        headers["RateLimit-Policy"] = rate.Policy;
        var left = isAdmitted ? rate.Burst - Ceiling(ahead, share) : 0;
        headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"default\";r={left};t={Ceiling(isAdmitted ? ahead : ahead - share, second)}");
        if (!isAdmitted)
        {
            headers.RetryAfter = Ceiling(ahead - (share * rate.Burst), second).ToString(CultureInfo.InvariantCulture);
        }

        return isAdmitted;
    }

    /// <summary>Forgets whose bursts are whole where there are too many callers, once a second at most.</summary>
    private bool HasRoom(long now)
    {
        if (wholeAt.Count >= MostCallers && now >= sweepAt)
        {
            sweepAt = now + second;
            foreach (var (caller, instant) in wholeAt)
            {
                if (instant <= now)
                {
                    wholeAt.Remove(caller);
                }
            }
        }

        return wholeAt.Count < MostCallers;
    }

    private static long Ceiling(long value, long unit) => (value + unit - 1) / unit;

    /// <summary>An address of IPv4, or the network of one of IPv6, of which anybody has as many as there are.</summary>
    private static string Place(IPAddress? address)
    {
        var bytes = address is null ? [] : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).GetAddressBytes();
        return "\0" + Convert.ToHexString(bytes.AsSpan(0, Math.Min(8, bytes.Length)));
    }
}
