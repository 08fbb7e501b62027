using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Http;

/// <summary>Every error has this shape (RFC 9457), as an answer and as the result of an item.</summary>
/// <param name="Type">Which error it is: urn:delayqueue:problem: and a name that stays.</param>
/// <param name="Title">The error in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="TraceId">To find it in logs and traces.</param>
/// <param name="Detail">More about it.</param>
/// <param name="Errors">validation: messages by JSON field or query parameter.</param>
/// <param name="JobId">unique-conflict: the job that holds the key.</param>
/// <param name="Quota">quota-exceeded: jobs, bytes or queues.</param>
/// <param name="Applied">store-unavailable, durability-…: "no" where the request surely had no effect, "unknown" where it may have had one.</param>
internal sealed record Problem(
    string Type, string Title, int Status, string TraceId, string? Detail = null, IDictionary<string, string[]>? Errors = null, string? JobId = null, string? Quota = null,
    string? Applied = null)
{
    /// <summary>The problem of one item, in the shape that it would have had as an answer of its own.</summary>
    public static Problem Of(ProblemHttpResult result, HttpContext http)
    {
        var problem = result.ProblemDetails;
        return new Problem(
            problem.Type!, problem.Title!, result.StatusCode, Problems.TraceId(http), problem.Detail,
            (problem as HttpValidationProblemDetails)?.Errors, Extension("jobId"), Extension("quota"), Extension("applied"));

        string? Extension(string name) => problem.Extensions.TryGetValue(name, out var value) ? (string?)value : null;
    }
}
