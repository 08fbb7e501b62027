using System.Diagnostics;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Leases;

/// <summary>What the calls on one lease share: finding it, and saying why it does not hold.</summary>
internal sealed class LeaseRequests(JobStore jobs, Partitions partitions)
{
    /// <returns>The lease, or why there can be none: the token is not one of ours, or the job is not.</returns>
    public ValueTask<(HeldLease? Lease, ProblemHttpResult? Problem)> FindAsync(JobId id, string leaseToken, Caller caller) =>
        partitions.Locate(id) is not var (partition, stored) ? new((null, Problems.JobMissing()))
        : LeaseToken.Parse(leaseToken, caller.Namespace) is not { } token ? WhyNoneAsync(id, caller)
        : caller.Sees(token.Queue) ? new((new HeldLease(partition, stored, token), null))
        : new((null, Problems.JobMissing()));

    /// <summary>The span of a call on a lease, to be disposed once it is answered; null where the request is not traced.</summary>
    public ValueTask<Activity?> TraceAsync(string call, JobId id, HeldLease lease) => SettleSpan.StartAsync(call, id, lease, jobs);

    private async ValueTask<(HeldLease? Lease, ProblemHttpResult? Problem)> WhyNoneAsync(JobId id, Caller caller) =>
        (null, await jobs.GetAsync(id) is var (job, _) && caller.Sees(job.Queue) ? Problems.LeaseLost() : Problems.JobMissing());
}
