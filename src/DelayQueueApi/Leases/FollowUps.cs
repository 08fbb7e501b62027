using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Leases;

/// <summary>Reads the jobs that an ack is to make.</summary>
internal sealed class FollowUps(JobLimits limits, EmbeddedStore embedded)
{
    /// <returns>The jobs, or what is wrong with the first that is not valid; its fields are named as of the ack.</returns>
    /// <exception cref="StoreException">The store has no room for them.</exception>
    public ValueTask<(IReadOnlyList<NewJob> Jobs, ProblemHttpResult? Problem)> ReadAsync(RawJson[]? then, Caller caller, HttpContext http) =>
        then is null ? new(([], null)) : ReadAllAsync(then, caller, http);

    private async ValueTask<(IReadOnlyList<NewJob> Jobs, ProblemHttpResult? Problem)> ReadAllAsync(RawJson[] then, Caller caller, HttpContext http)
    {
        if (then.Length is 0 or > Limits.MaxFollowUps)
        {
            return ([], Problems.Invalid("then", $"must have 1 to {Limits.MaxFollowUps} items"));
        }

        embedded.ThrowIfFull();
        var jobs = new List<NewJob>();
        var keys = new HashSet<string>();
        for (var i = 0; i < then.Length; i++)
        {
            var item = JsonBody<ScheduleJob.Request>.Read(then[i].Utf8);
            var problem = item.Problem ?? item.Validate(http.RequestServices) ?? limits.Check(item.Value) ?? limits.CheckMeets(item.Value, "with an ack") ?? CheckKeys(item.Value, keys)
                ?? caller.RefuseItem(item.Value.Queue, http);
            if (problem is not null)
            {
                return ([], Problems.Within(problem, $"then[{i}]"));
            }

            var job = ScheduleJob.NewJob(caller.Namespace, item.Value, item.Utf8, idempotencyKey: null, Traceparent.Of(http.Request), limits);
            // The job that is acked goes, so that a chain goes on where there is no room for more.
            jobs.Add(await limits.CheckQuotasAsync(job, takesPlace: i == 0));
        }

        return (jobs, null);
    }

    /// <summary>What is made in one step is decided on before any of it is there, so that one key can stand for one of them only.</summary>
    private static ProblemHttpResult? CheckKeys(ScheduleJob.Request job, HashSet<string> keys) =>
        job.IdempotencyKey is { } key && !keys.Add($"i {key}") ? Problems.Invalid("idempotencyKey", "is that of another follow-up")
        : job.Unique is { } unique && !keys.Add($"u {job.Queue ?? QueueName.Default} {unique.Key}") ? Problems.Invalid("unique", "is that of another follow-up")
        : null;
}
