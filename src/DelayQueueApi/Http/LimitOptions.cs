using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Http;

/// <summary>Section <c>Limits</c>: bounds that a deployment may set.</summary>
internal sealed class LimitOptions
{
    /// <summary>The largest payload of a job, bytes of JSON text; 1 MiB by default.</summary>
    [Range(1, 64 * 1024 * 1024)]
    public int PayloadBytes { get; set; } = 1024 * 1024;

    /// <summary>The largest body of a request of many items, bytes; 16 MiB by default.</summary>
    [Range(1, 256 * 1024 * 1024)]
    public int BatchBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>The longest first line of a request, bytes: method, address and version.</summary>
    [Range(1024, 1024 * 1024)]
    public int RequestLineBytes { get; set; } = 8 * 1024;

    /// <summary>All headers of a request together, bytes.</summary>
    [Range(1024, 1024 * 1024)]
    public int HeadersBytes { get; set; } = 32 * 1024;

    /// <summary>How many headers a request may have.</summary>
    [Range(10, 1_000)]
    public int Headers { get; set; } = 100;

    /// <summary>How long a client may take to send its headers, ms.</summary>
    [Range(1_000, 600_000)]
    public int HeadersTimeoutMs { get; set; } = 10_000;

    /// <summary>How slowly a body may come and an answer be read, bytes a second; 0 for any.</summary>
    [Range(0, 1024 * 1024)]
    public int MinBytesPerSecond { get; set; } = 240;

    /// <summary>From when on that counts, ms.</summary>
    [Range(2_000, 600_000)]
    public int SlowAfterMs { get; set; } = 5_000;

    /// <summary>How many connections there may be at once.</summary>
    [Range(1, 1_000_000)]
    public int Connections { get; set; } = 20_000;

    /// <summary>How many requests one connection of HTTP/2 may have at once.</summary>
    [Range(1, 10_000)]
    public int StreamsPerConnection { get; set; } = 100;

    /// <summary>How long requests are still taken after the signal to stop, while readiness is refused, ms.</summary>
    [Range(0, 60_000)]
    public int DrainMs { get; set; }

    /// <summary>The most memory for large request bodies that are being read or worked on, bytes; 0 for an eighth of what the process may use.</summary>
    [Range(0, long.MaxValue)]
    public long BodyMemoryBytes { get; set; }

    /// <summary>The rate of one caller, where its key has none of its own.</summary>
    [ValidateObjectMembers]
    public UsualRateOptions Rate { get; set; } = new();

    /// <summary>The largest request body of one item, bytes: a payload and the fields around it.</summary>
    public int BodyBytes => PayloadBytes + (64 * 1024);
}

/// <summary>Section <c>Limits:Rate</c>.</summary>
internal sealed class UsualRateOptions : RateOptions
{
    /// <summary>Whether all instances count the requests of a key together, in the store.</summary>
    public bool Shared { get; set; }
}

/// <summary>Also of an entry of a key: how many requests one caller may send.</summary>
internal class RateOptions
{
    public const int Most = 1_000_000;

    /// <summary>Requests a second in the long run; 0 for any number.</summary>
    [Range(0, Most)]
    public int PerSecond { get; set; }

    /// <summary>How many may come at once after a rest; 0 for as many as in a second.</summary>
    [Range(0, Most)]
    public int Burst { get; set; }
}
