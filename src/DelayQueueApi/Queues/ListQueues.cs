using System.Buffers.Text;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>GET /queues</summary>
internal static class ListQueues
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder queues) =>
        queues.MapGet("/", HandleAsync)
            .Needs(Scope.Read)
            .WithName("ListQueues")
            .WithSummary("List the queues with their counts")
            .WithDescription("All that the key may use, in the order of their names; a page with next goes on: ask again with it as cursor. " +
                "The numbers of one queue are of one instant.")
            .ProducesProblems(StatusCodes.Status400BadRequest);

    /// <param name="Queues">The queues, in the order of their names.</param>
    /// <param name="Next">The cursor of the next page; not there where the list has ended.</param>
    internal sealed record Response(IReadOnlyList<GetQueue.Response> Queues, string? Next = null);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        string? cursor, string? limit, Caller caller, QueueStore store, HttpContext http)
    {
        var check = new QueryCheck(http.Request.Query, ["cursor", "limit"]);
        var most = check.Limit(limit);
        var after = check.Cursor(cursor, Parse);
        if (check.Problem is { } problem)
        {
            return problem;
        }

        var (queues, next) = await store.ListAsync(caller.Namespace, caller.Queues, after, most, http.RequestAborted);
        return TypedResults.Ok(new Response(
            [.. queues.Select(GetQueue.Response.From)], next is { } last ? Base64Url.EncodeToString(Encoding.ASCII.GetBytes(last.Text)) : null));
    }

    /// <summary>The cursor is the name of the last queue shown, opaque to callers.</summary>
    private static string? Parse(string cursor)
    {
        var name = new QueueName(cursor.Length <= 256 && Base64Url.IsValid(cursor) ? Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor)) : "");
        return name.IsValid ? name.Text : null;
    }
}
