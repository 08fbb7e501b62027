using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace DelayQueueApi.Http;

/// <summary>Every error that a caller can see: RFC 9457 problems with a stable type (docs/errors.md).</summary>
internal static class Problems
{
    private const string Prefix = "urn:delayqueue:problem:";

    public static ProblemHttpResult Invalid(string field, string message) => Invalid(new Dictionary<string, string[]> { [field] = [message] });

    /// <param name="errors">Messages by JSON field or query parameter.</param>
    public static ProblemHttpResult Invalid(IDictionary<string, string[]> errors) => TypedResults.Problem(new HttpValidationProblemDetails(errors)
    {
        Status = StatusCodes.Status400BadRequest,
        Type = Prefix + "validation",
        Title = "The request is not valid.",
        Detail = string.Join("; ", errors.Select(error => $"{error.Key} {error.Value[0]}")),
    });

    public static ProblemHttpResult Unauthenticated() => Problem(
        StatusCodes.Status401Unauthorized, "unauthenticated", "A key is needed.",
        "Send one that is known and has not expired, as Authorization: Bearer or X-Api-Key. A service without keys serves its own machine alone.");

    /// <summary>It does not tell whether what was named is there.</summary>
    public static ProblemHttpResult Forbidden() =>
        Problem(StatusCodes.Status403Forbidden, "forbidden", "The key may not do this.", "It lacks the scope, or the right to a queue that is named. GET /whoami tells what it may do.");

    public static ProblemHttpResult CrossSite() => Problem(
        StatusCodes.Status403Forbidden, "cross-site", "A page of another site has sent this.", "Browsers may change things only from the service's own pages.");

    public static ProblemHttpResult UnknownHost() => Problem(
        StatusCodes.Status403Forbidden, "unknown-host", "The service is not called by this name.",
        "Without keys it is called localhost, or by a loopback address. AllowedHosts may name others.");

    public static ProblemHttpResult JobMissing() =>
        Problem(StatusCodes.Status404NotFound, "job-not-found", "No such job.", "It never was, or it was acked, cancelled, expired or purged.");

    public static ProblemHttpResult QueueMissing() =>
        Problem(StatusCodes.Status404NotFound, "queue-not-found", "No such queue.", "No job was ever put into it, nothing was set for it, or it was deleted.");

    public static ProblemHttpResult QueueNotEmpty() => Problem(
        StatusCodes.Status409Conflict, "queue-not-empty", "The queue has jobs.", "Purge them first, or delete the queue with force=true.");

    public static ProblemHttpResult QueueFull() => Problem(
        StatusCodes.Status429TooManyRequests, "queue-full", "The queue is full.", "It has as many jobs as its maxLength allows. Nothing was made; try again later.");

    public static ProblemHttpResult QuotaExceeded(Quota quota)
    {
        var name = System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(quota.ToString());
        return TypedResults.Problem(new ProblemDetails
        {
            Status = StatusCodes.Status429TooManyRequests,
            Type = Prefix + "quota-exceeded",
            Title = "The namespace has no room.",
            Detail = $"It would hold more {name} than its quota allows. Nothing was made; try again once there are fewer. GET /whoami tells its quotas.",
            Extensions = { ["quota"] = name },
        });
    }

    public static ProblemHttpResult TooManyWaiting() => Problem(
        StatusCodes.Status429TooManyRequests, "too-many-waiting", "Too many claims wait.", "As many claims of this key or its namespace wait as may. Try again later, or without waitMs.");

    public static ProblemHttpResult RateLimited() => Problem(
        StatusCodes.Status429TooManyRequests, "rate-limited", "Too many requests.", "Nothing was done. Retry-After tells when to try again, RateLimit-Policy how many are taken.");

    public static ProblemHttpResult EventsOff() => Problem(
        StatusCodes.Status409Conflict, "events-off", "The service keeps no events.", "Set Events:Kept to how many it is to keep, and start it anew.");

    public static ProblemHttpResult TooManyReaders() => Problem(
        StatusCodes.Status429TooManyRequests, "too-many-readers", "Too many read events.", "As many read events of this instance as may (Events:Readers). Try again later.");

    public static ProblemHttpResult RedriveMissing() =>
        Problem(StatusCodes.Status404NotFound, "redrive-not-found", "No such redrive.", "None with a rate was ever started for this queue.");

    public static ProblemHttpResult RedriveRunning() => Problem(
        StatusCodes.Status409Conflict, "redrive-running", "A redrive is running.", "Wait until it is done, or cancel it.");

    public static ProblemHttpResult ScheduleMissing() =>
        Problem(StatusCodes.Status404NotFound, "schedule-not-found", "No such schedule.", "It never was, or it was deleted.");

    public static ProblemHttpResult JobFinished() =>
        Problem(StatusCodes.Status409Conflict, "job-finished", "The job is finished.", "It is dead, completed or expired.");

    public static ProblemHttpResult JobLeased() =>
        Problem(StatusCodes.Status409Conflict, "job-leased", "A worker holds the job.", "Try again once it is given back, or cancel it.");

    public static ProblemHttpResult JobChanged() => Problem(
        StatusCodes.Status412PreconditionFailed, "precondition-failed", "The job is not what If-Match names.", "Get it again, and decide anew.");

    public static ProblemHttpResult LeaseLost() => Problem(
        StatusCodes.Status409Conflict, "lease-lost", "The lease is not the job's live one.",
        "It ran out, was given back, or the job has a newer one. The work may be done again by another worker.");

    public static ProblemHttpResult JobCancelled() =>
        Problem(StatusCodes.Status409Conflict, "job-cancelled", "The job was cancelled while it was leased.", "It is gone; its result does not count.");

    public static ProblemHttpResult IdempotencyKeyReused() => Problem(
        StatusCodes.Status422UnprocessableEntity, "idempotency-key-reused", "The idempotency key belongs to another request.",
        "A job was made under this key from a different body. Repeat that body, or take a new key.");

    /// <param name="holder">The job that has the key.</param>
    public static ProblemHttpResult UniqueConflict(Jobs.JobId holder) => TypedResults.Problem(new ProblemDetails
    {
        Status = StatusCodes.Status409Conflict,
        Type = Prefix + "unique-conflict",
        Title = "Another job holds the unique key.",
        Detail = "Nothing was made. jobId names that job.",
        Extensions = { ["jobId"] = holder.Text },
    });

    /// <summary>What is wrong with a part of a request, with its fields named as of the whole.</summary>
    public static ProblemHttpResult Within(ProblemHttpResult problem, string path) => problem.ProblemDetails is HttpValidationProblemDetails validation
        ? Invalid(validation.Errors.ToDictionary(error => error.Key == "$" ? path : $"{path}.{error.Key}", error => error.Value))
        : problem;

    /// <summary>Why a follow-up of an ack is refused, and with it the ack.</summary>
    public static ProblemHttpResult InFollowUp(ProblemHttpResult refusal, int number)
    {
        refusal.ProblemDetails.Detail = $"then[{number - 1}]: {refusal.ProblemDetails.Detail} The job is still leased.";
        return refusal;
    }

    public static ProblemHttpResult TooSlow() =>
        Problem(StatusCodes.Status408RequestTimeout, "too-slow", "The body came too slowly.", "Nothing was done. Send it again, faster than Limits:MinBytesPerSecond.");

    public static ProblemHttpResult PayloadTooLarge(string detail) =>
        Problem(StatusCodes.Status413PayloadTooLarge, "payload-too-large", "The request is too large.", detail);

    public static ProblemHttpResult UnsupportedMediaType() => Problem(
        StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", "The body must be JSON.", "Send Content-Type: application/json, in UTF-8.");

    public static ProblemHttpResult StoreUnavailable(StoreException error) => TypedResults.Problem(new ProblemDetails
    {
        Status = StatusCodes.Status503ServiceUnavailable,
        Type = Prefix + "store-unavailable",
        Title = "The store is not available.",
        Detail = error.Message,
        Extensions = { ["applied"] = Word(error.Applied) },
    });

    public static ProblemHttpResult Overloaded() => TypedResults.Problem(new ProblemDetails
    {
        Status = StatusCodes.Status503ServiceUnavailable,
        Type = Prefix + "overloaded",
        Title = "Too much is sent at once.",
        Detail = "The bodies of other requests take all the memory that there is for them. Nothing was done; try again later, or at another instance.",
        Extensions = { ["applied"] = Word(Applied.No) },
    });

    public static ProblemHttpResult DurabilityUnsupported(string detail) => Durability(
        StatusCodes.Status400BadRequest, "durability-unsupported", "The store cannot tell whether a write is as durable as that.", Applied.No, detail);

    public static ProblemHttpResult DurabilityNotAchieved(Applied applied, string detail) => Durability(
        StatusCodes.Status503ServiceUnavailable, "durability-not-achieved", "The write is not known to be as durable as it was asked for.", applied, detail);

    public static string TraceId(HttpContext http) => System.Diagnostics.Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;

    /// <summary>Fills what every problem has, also those that the framework makes.</summary>
    public static void Complete(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        problem.Title ??= ReasonPhrases.GetReasonPhrase(problem.Status ?? 0);
        problem.Extensions["traceId"] = TraceId(context.HttpContext);
        if (problem.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            context.HttpContext.Response.Headers.TryAdd("Retry-After", "1");
        }

        if (problem.Type?.StartsWith(Prefix, StringComparison.Ordinal) != true)
        {
            problem.Type = Prefix + problem.Status switch
            {
                400 => "validation",
                404 => "not-found",
                405 => "method-not-allowed",
                412 => "precondition-failed",
                413 => "payload-too-large",
                415 => "unsupported-media-type",
                500 => "internal",
                _ => "other",
            };
        }
    }

    private static ProblemHttpResult Durability(int status, string type, string title, Applied applied, string detail) => TypedResults.Problem(
        detail, statusCode: status, title: title, type: Prefix + type, extensions: [new("applied", Word(applied))]);

    private static string Word(Applied applied) => applied == Applied.No ? "no" : "unknown";

    private static ProblemHttpResult Problem(int status, string type, string title, string detail) =>
        TypedResults.Problem(detail, statusCode: status, title: title, type: Prefix + type);
}
