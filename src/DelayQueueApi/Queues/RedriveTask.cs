using System.Text.Json.Serialization;
using DelayQueueApi.Http;
using DelayQueueApi.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Queues;

/// <summary>A redrive at a rate, as callers see it; a queue has one at a time. GET and DELETE /queues/{queue}/redrive</summary>
/// <param name="Queue">The queue.</param>
/// <param name="State">How far it is.</param>
/// <param name="RatePerSecond">At most so many jobs a second.</param>
/// <param name="Examined">Dead jobs looked at so far.</param>
/// <param name="Matched">Those of them that were meant.</param>
/// <param name="Redriven">Those of them that have new attempts; the others' unique keys are held by other jobs.</param>
/// <param name="StartedAt">When it was started; jobs that die later stay dead.</param>
/// <param name="FinishedAt">When it was done or cancelled.</param>
internal sealed record RedriveTask(
    string Queue, RedriveState State, int RatePerSecond, long Examined, long Matched, long Redriven, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt = null)
{
    public static void Map(IEndpointRouteBuilder queues)
    {
        queues.MapGet("/{queue}/redrive", GetAsync)
            .Needs(Scope.Read)
            .WithName("GetRedrive")
            .WithSummary("Show how far a redrive at a rate is")
            .WithDescription("The newest one of the queue, also once it is done or cancelled.")
            .ProducesProblems(StatusCodes.Status404NotFound);
        queues.MapDelete("/{queue}/redrive", CancelAsync)
            .Needs(Scope.Admin)
            .WithName("CancelRedrive")
            .WithSummary("Cancel a redrive at a rate")
            .WithDescription("The jobs that it has redriven stay so. Cancelling one that is done changes nothing.")
            .ProducesProblems(StatusCodes.Status404NotFound);
    }

    /// <param name="text">As RedriveTask.lua writes it.</param>
    public static RedriveTask FromStored(QueueName queue, string text)
    {
        var parts = text.Split('\0');
        var state = parts[0] switch { "running" => RedriveState.Running, "done" => RedriveState.Done, _ => RedriveState.Cancelled };
        return new RedriveTask(
            queue.Text, state, int.Parse(parts[3]), long.Parse(parts[7]), long.Parse(parts[5]), long.Parse(parts[6]),
            Instant(parts[1]), parts[2].Length > 0 ? Instant(parts[2]) : null);

        static DateTimeOffset Instant(string ms) => DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(ms));
    }

    /// <param name="shares">Those of the partitions.</param>
    /// <returns>Null where there are none.</returns>
    public static RedriveTask? Sum(IReadOnlyList<RedriveTask> shares) => shares.Count == 0 ? null : shares[0] with
    {
        State = shares.Min(share => share.State),
        RatePerSecond = shares.Sum(share => share.RatePerSecond),
        Examined = shares.Sum(share => share.Examined),
        Matched = shares.Sum(share => share.Matched),
        Redriven = shares.Sum(share => share.Redriven),
        FinishedAt = shares.All(share => share.FinishedAt is not null) ? shares.Max(share => share.FinishedAt) : null,
    };

    private static async Task<Results<Ok<RedriveTask>, ProblemHttpResult>> GetAsync(QueueName queue, RedriveStore store) =>
        queue.IsValid && await store.GetTaskAsync(queue) is { } task ? TypedResults.Ok(task) : Problems.RedriveMissing();

    private static async Task<Results<Ok<RedriveTask>, ProblemHttpResult>> CancelAsync(QueueName queue, RedriveStore store) =>
        queue.IsValid && await store.CancelAsync(queue) is { } task ? TypedResults.Ok(task) : Problems.RedriveMissing();
}

/// <summary>running: it goes on by itself. done: it has looked at all jobs that were dead when it began, or has reached its limit. cancelled: it was stopped before.</summary>
[JsonConverter(typeof(KebabCaseEnum<RedriveState>))]
internal enum RedriveState
{
    Running,
    Done,
    Cancelled,
}
