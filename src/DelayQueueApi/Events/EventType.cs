using System.Text.Json;
using System.Text.Json.Serialization;
using DelayQueueApi.Http;

namespace DelayQueueApi.Events;

/// <summary>What may happen to a job; from paused on to a queue. docs/events.md tells when each does.</summary>
[JsonConverter(typeof(KebabCaseEnum<EventType>))]
internal enum EventType
{
    /// <summary>It was made.</summary>
    Scheduled,

    /// <summary>A worker has it.</summary>
    Claimed,

    /// <summary>Its worker is done.</summary>
    Acked,

    /// <summary>Its worker has failed.</summary>
    Nacked,

    /// <summary>Its worker did not settle it in time.</summary>
    LeaseExpired,

    /// <summary>Its worker gave it back.</summary>
    Released,

    /// <summary>It is gone, since a caller said so.</summary>
    Cancelled,

    /// <summary>No worker had it in time.</summary>
    Expired,

    /// <summary>It is out of attempts.</summary>
    Dead,

    /// <summary>It was dead, and has its attempts anew.</summary>
    Redriven,

    /// <summary>It was dead, and is deleted.</summary>
    Purged,

    /// <summary>A caller has changed it.</summary>
    Updated,

    /// <summary>Claims get nothing from the queue.</summary>
    Paused,

    /// <summary>They do again.</summary>
    Resumed,

    /// <summary>Its settings were put.</summary>
    Settings,

    /// <summary>The queue is deleted.</summary>
    Deleted,
}

internal static class EventTypes
{
    /// <summary>In the order of the enum, as ChangeLog.lua writes them.</summary>
    private const string Letters = "slanerctdvxuPRSD";

    private static readonly Dictionary<string, EventType> Named = Enum.GetValues<EventType>().ToDictionary(NameOf);

    public static IEnumerable<string> Names => Named.Keys;

    public static EventType FromStored(byte letter) => (EventType)Letters.IndexOf((char)letter, StringComparison.Ordinal);

    public static string NameOf(EventType type) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{type}");

    /// <returns>The type of that name, or null.</returns>
    public static EventType? Find(string? name) => name is not null && Named.TryGetValue(name, out var type) ? type : null;
}
