using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using DelayQueueApi.Schedules;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Security;

/// <summary>
/// What stands in an address means the caller's own: names are those of its namespace, a queue that it may not use is refused, and a job in
/// such a queue is as one that never was.
/// </summary>
internal static class Rights
{
    public static ValueTask<object?> CheckAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var caller = context.HttpContext.RequestServices.GetRequiredService<Callers>().Of(context.HttpContext);
        return caller == Caller.Anonymous ? next(context) : CheckAsync(context, next, caller);
    }

    private static async ValueTask<object?> CheckAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next, Caller caller)
    {
        for (var i = 0; i < context.Arguments.Count; i++)
        {
            switch (context.Arguments[i])
            {
                case QueueName queue:
                    var own = caller.Queue(queue.Text);
                    if (!caller.Sees(own))
                    {
                        return Problems.Forbidden();
                    }

                    context.Arguments[i] = own;
                    break;
                case ScheduleName schedule:
                    context.Arguments[i] = schedule with { Namespace = caller.Namespace };
                    break;
                case JobId id when await HideAsync(id, caller, context.HttpContext) is { } hidden:
                    return hidden;
            }
        }

        return await next(context);
    }

    /// <summary>A job never changes its queue, so that what is read here still holds when the call is done.</summary>
    private static async ValueTask<ProblemHttpResult?> HideAsync(JobId id, Caller caller, HttpContext http) =>
        await http.RequestServices.GetRequiredService<JobStore>().GetAsync(id) is var (job, _) && caller.Sees(job.Queue) ? null : Problems.JobMissing();
}
