using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Mvc;

namespace DelayQueueApi.Events;

/// <summary>GET /events</summary>
internal static class WatchEvents
{
    public const string LastEventId = "Last-Event-ID";

    private const string LastEventIdInQuery = "lastEventId";
    private const int MostNamed = 100;

    public static RouteHandlerBuilder Map(IEndpointRouteBuilder events) =>
        events.MapGet("/", HandleAsync)
            .Needs(Scope.Read)
            .WithName("WatchEvents")
            .WithSummary("Watch what happens to jobs and queues, as server-sent events")
            .WithDescription("Each event is a JSON object: type, queue, at; job and attempt where it is about a job. It goes on after Last-Event-ID, which EventSource sends by itself, " +
                "or begins now. An event of type reset says that some before it are lost. The stream ends after forMs; 409 where the service keeps no events (Events:Kept).")
            .Produces<EventData>(StatusCodes.Status200OK, EventStream.ContentType)
            .ProducesProblems(StatusCodes.Status400BadRequest, StatusCodes.Status409Conflict, StatusCodes.Status429TooManyRequests);

    private static async Task<IResult> HandleAsync(
        string[]? queue, string[]? type, string[]? job, string? lastEventId, string? forMs, [FromHeader(Name = LastEventId)] string? lastId,
        Caller caller, EventFeed feed, Partitions partitions, TimeProvider time, IHostApplicationLifetime lifetime, HttpContext http)
    {
        var check = new QueryCheck(http.Request.Query, ["queue", "type", "job", LastEventIdInQuery, "forMs"]);
        var (queues, types, jobs) = (queue ?? [], type ?? [], job ?? []);
        var longest = QueryNumber.Read(forMs, 1, Limits.MaxWatchMs, Limits.MaxWatchMs);
        var id = lastId ?? lastEventId;
        var from = id is null ? null : EventPosition.Parse(id, partitions.Count);
        check.That(queues.Length <= MostNamed && queues.All(name => new QueueName(name).IsValid), "queue", QueueName.Rule)
            .That(types.All(name => EventTypes.Find(name) is not null), "type", $"must be one of {string.Join(", ", EventTypes.Names)}")
            .That(jobs.Length <= MostNamed, "job", $"must name at most {MostNamed} jobs")
            .That(longest is not null, "forMs", Limits.Between(1, Limits.MaxWatchMs))
            .That(id is null || from is not null, lastId is null ? LastEventIdInQuery : LastEventId, "is not the id of an event of this service");
        if (check.Problem is { } problem)
        {
            return problem;
        }

        var filter = new EventFilter(
            caller, queues.Select(caller.Queue).ToHashSet(), types.Select(name => EventTypes.Find(name)!.Value).ToHashSet(), jobs.ToHashSet());
        if (!filter.Queues.All(caller.Sees))
        {
            return Problems.Forbidden();
        }

        return !feed.IsOn ? Problems.EventsOff()
            : await feed.JoinAsync(from, http.RequestAborted) is { } reader
                ? new EventStream(reader, filter, feed, time, TimeSpan.FromMilliseconds(longest!.Value), lifetime.ApplicationStopping)
            : Problems.TooManyReaders();
    }
}
