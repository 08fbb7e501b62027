using DelayQueueApi.Tests.Hosting;
using DelayQueueApi.Tests.Security;

namespace DelayQueueApi.Tests.Events;

/// <summary>The settings of services that keep events.</summary>
internal static class EventsApi
{
    public const int Kept = 500, Readers = 4;

    public static Dictionary<string, string> Settings(IReadOnlyDictionary<string, string>? more = null, int partitions = 1) => new(more ?? new Dictionary<string, string>())
    {
        ["Events:Kept"] = $"{Kept}",
        ["Events:Readers"] = $"{Readers}",
        ["Store:Partitions"] = $"{partitions}",
    };
}

public sealed class EmbeddedEventsApi(EmbeddedEngine engine) : Api(engine)
{
    protected override IReadOnlyDictionary<string, string> Settings => EventsApi.Settings();
}

public sealed class RedisEventsApi(RedisEngine engine) : Api(engine)
{
    protected override IReadOnlyDictionary<string, string> Settings => EventsApi.Settings();
}

public sealed class PartitionedEventsApi(RedisEngine engine) : Api(engine)
{
    protected override IReadOnlyDictionary<string, string> Settings => EventsApi.Settings(partitions: PartitionedApi.Partitions);
}

public sealed class KeyedEventsApi(EmbeddedEngine engine) : KeyedApi(engine)
{
    protected override IReadOnlyDictionary<string, string> Settings => EventsApi.Settings(TestKeys.Settings);
}
