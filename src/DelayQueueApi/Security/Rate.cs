using System.Globalization;
using DelayQueueApi.Http;

namespace DelayQueueApi.Security;

/// <summary>How many requests a caller may send: so many a second in the long run, and a burst of them at once after a rest.</summary>
internal sealed class Rate
{
    /// <summary>Any number.</summary>
    public static readonly Rate Any = new(new RateOptions());

    private Rate(RateOptions options)
    {
        PerSecond = options.PerSecond;
        Burst = options.Burst == 0 ? options.PerSecond : options.Burst;
        Policy = IsAny ? "" : string.Create(CultureInfo.InvariantCulture, $"\"default\";q={Burst};w={(Burst + PerSecond - 1) / PerSecond}");
    }

    public int PerSecond { get; }

    public int Burst { get; }

    /// <summary>The header RateLimit-Policy: the burst, and in how many seconds it comes back.</summary>
    public string Policy { get; }

    public bool IsAny => PerSecond == 0;

    public static Rate Of(RateOptions options) => options.PerSecond == 0 ? Any : new(options);
}
