using System.Text.Json;
using DelayQueueApi.Http;
using StackExchange.Redis;

namespace DelayQueueApi.Jobs;

/// <summary>Pairs of metadata as they stand in a record, for scripts that choose jobs by them.</summary>
internal static class MetadataPairs
{
    /// <summary>Each pair as "name":"value", escaped in the one way in which records are.</summary>
    public static RedisValue[] ToStored(IReadOnlyDictionary<string, string>? pairs) => pairs is null ? [] : [.. pairs.Select(pair =>
        (RedisValue)JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { [pair.Key] = pair.Value }, WireJson.Default.DictionaryStringString)[1..^1])];
}
