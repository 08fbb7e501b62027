using System.Buffers.Text;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Schedules;

/// <summary>GET /schedules</summary>
internal static class ListSchedules
{
    private const int MaxBytes = 8 * 1024 * 1024;

    public static RouteHandlerBuilder Map(IEndpointRouteBuilder schedules) =>
        schedules.MapGet("/", HandleAsync)
            .Needs(Scope.Read)
            .WithName("ListSchedules")
            .WithSummary("List the schedules in the order of their names")
            .WithDescription("A page may be shorter than its limit where payloads are large. While next is there, more follow.")
            .ProducesProblems(StatusCodes.Status400BadRequest);

    /// <param name="Schedules">A page of them.</param>
    /// <param name="Next">The cursor of the next page; not there on the last one.</param>
    internal sealed record Response(IReadOnlyList<Schedule> Schedules, string? Next = null);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(string? cursor, string? limit, Caller caller, ScheduleStore store)
    {
        if (QueryNumber.Read(limit, 1, Limits.MaxPage, Limits.DefaultPage) is not { } most)
        {
            return Problems.Invalid("limit", Limits.Between(1, Limits.MaxPage));
        }

        var after = cursor is null ? default(ScheduleName?) : FromCursor(cursor) with { Namespace = caller.Namespace };
        if (after is { IsValid: false })
        {
            return Problems.Invalid("cursor", "must be next of an earlier page");
        }

        var found = new List<Schedule>();
        var bytes = 0;
        bool more;
        do
        {
            (var page, more) = await store.ListAsync(caller.Namespace, after, most - found.Count);
            foreach (var (name, record) in page)
            {
                after = name;
                if (ScheduleStore.Sees(caller, record))
                {
                    found.Add(Schedule.From(name, record));
                    bytes += record.Body.Length;
                }
            }
        }
        while (more && found.Count < most && bytes < MaxBytes);

        return TypedResults.Ok(new Response(found, more ? Base64Url.EncodeToString(Encoding.UTF8.GetBytes(found[^1].Name)) : null));
    }

    private static ScheduleName FromCursor(string cursor) =>
        new(Base64Url.IsValid(cursor) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)) : "");
}
