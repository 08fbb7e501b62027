using System.Collections.Frozen;
using System.Text.Json.Serialization;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Security;

/// <summary>What namespaces may hold in the store. Costs nothing for those that have no quotas.</summary>
internal sealed class Quotas(IOptions<SecurityOptions> options, QueueStore queues, TimeProvider time)
{
    private readonly FrozenDictionary<string, NamespaceQuotas> bounded = options.Value.Namespaces.Where(each => each.Value.HasQuotas)
        .ToFrozenDictionary(each => each.Key, each => new NamespaceQuotas(each.Key, each.Value, queues, time));

    /// <summary>Those of a namespace; null where it has none.</summary>
    public NamespaceQuotas? Of(string @namespace) => bounded.Count > 0 ? bounded.GetValueOrDefault(@namespace) : null;

    /// <param name="job">What is to be made.</param>
    /// <param name="takesPlace">Whether another job goes in the same step.</param>
    /// <returns>The job, with the quota that leaves no room for it. The script then makes none, but still answers what was made before.</returns>
    /// <exception cref="Store.StoreException">The store could not be asked or did not answer; this holds for all methods here.</exception>
    public ValueTask<NewJob> CheckAsync(NewJob job, bool takesPlace = false) =>
        Of(job.Queue.Namespace) is { } quotas ? CheckAsync(job, takesPlace ? 0 : 1, quotas) : new(job);

    /// <returns>The quota that leaves no room for a queue, where it is not there yet; else null.</returns>
    public ValueTask<Quota?> CheckAsync(QueueName queue) => Of(queue.Namespace) is { } quotas ? new(quotas.TakeAsync(queue, null, 0)) : default;

    /// <returns>The quota that leaves no room for a job of the queue to grow by so many bytes; else null.</returns>
    public ValueTask<Quota?> CheckAsync(QueueName queue, int growth) =>
        growth > 0 && Of(queue.Namespace) is { } quotas ? new(quotas.TakeAsync(queue, null, growth)) : default;

    private static async ValueTask<NewJob> CheckAsync(NewJob job, int more, NamespaceQuotas quotas) =>
        await quotas.TakeAsync(job.Queue, more, job.RecordBytes) is { } over ? job with { Over = over } : job;
}

/// <summary>What a quota counts.</summary>
[JsonConverter(typeof(KebabCaseEnum<Quota>))]
internal enum Quota
{
    Jobs,
    Bytes,
    Queues,
}
