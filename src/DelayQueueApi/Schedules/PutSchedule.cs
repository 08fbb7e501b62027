using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Cronos;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;
using DelayQueueApi.Security;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Schedules;

/// <summary>PUT /schedules/{name}</summary>
internal static class PutSchedule
{
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder schedules) =>
        schedules.MapPut("/{name}", HandleAsync)
            .Needs(Scope.Produce)
            .WithName("PutSchedule")
            .WithSummary("Make a job at every instant of a cron expression or an interval")
            .WithDescription("Sets the schedule, also where it is there already. Each instant makes one job, however many instances of the service run. " +
                "Where the times stay as they are, what is due stays due, so that a service may put its schedules at every start. A paused schedule stays paused.")
            .WithExample("""{ "cron": "0 3 * * *", "timeZone": "Europe/Berlin", "job": { "queue": "default", "payload": { "report": "daily" } } }""")
            .Produces<Schedule>(StatusCodes.Status200OK)
            .Produces<Schedule>(StatusCodes.Status201Created);

    /// <summary>When to make which jobs. One of cron and intervalMs is needed.</summary>
    /// <param name="Job">What each instant makes.</param>
    /// <param name="Cron">Minute, hour, day of month, month, day of week, with seconds in front where there are six fields; with L, W, # and the names of months and days, or a macro such as @daily.</param>
    /// <param name="IntervalMs">Ms from one instant to the next, counted from start, else from when the schedule was set.</param>
    /// <param name="TimeZone">IANA time zone in which cron is read.</param>
    /// <param name="Start">No instant is earlier; the first one of an interval.</param>
    /// <param name="End">No instant is later.</param>
    /// <param name="Misfire">What becomes of instants that were missed, as while the service was down.</param>
    /// <param name="Overlap">What becomes of an instant while the job of the one before is not finished.</param>
    internal sealed record Request(
        JobTemplate Job,
        [property: MaxLength(Limits.MaxCronLength)] string? Cron = null,
        [property: Range(Limits.MinIntervalMs, Limits.MaxIntervalMs)] long? IntervalMs = null,
        [property: DefaultValue(TimeZones.Default)] string? TimeZone = null,
        DateTimeOffset? Start = null,
        DateTimeOffset? End = null,
        [property: DefaultValue(Schedules.Misfire.Once)] Misfire? Misfire = null,
        [property: DefaultValue(Schedules.Overlap.Allow)] Overlap? Overlap = null)
    {
        public bool HasTimesOf(Request other) => this with { Job = other.Job, Misfire = other.Misfire, Overlap = other.Overlap } == other;
    }

    internal sealed class Validator : AbstractValidator<Request>
    {
        public Validator()
        {
            RuleFor(r => r.Cron).NotNull().When(r => r.IntervalMs is null).WithMessage("is required where intervalMs is not given");
            RuleFor(r => r.Cron).Null().When(r => r.IntervalMs is not null).WithMessage("cannot be given together with intervalMs");
            RuleFor(r => r.Cron).Custom((cron, context) =>
            {
                if (cron is not null && FaultOf(cron) is { } fault)
                {
                    context.AddFailure(fault);
                }
            });
            RuleFor(r => r.IntervalMs).InclusiveBetween(Limits.MinIntervalMs, Limits.MaxIntervalMs)
                .WithMessage(Limits.Between(Limits.MinIntervalMs, Limits.MaxIntervalMs));
            RuleFor(r => r.TimeZone).Must(zone => TimeZones.Find(zone!) is not null).When(r => r.TimeZone is not null)
                .WithMessage("must be an IANA time zone that is known here, such as Europe/Berlin");
            RuleFor(r => r.End).GreaterThanOrEqualTo(r => r.Start).When(r => r.Start is not null && r.End is not null).WithMessage("must not be before start");
            RuleFor(r => r.Job.ToRequest(null)).SetValidator(new ScheduleJob.Validator()).OverridePropertyName("job");
            RuleFor(r => r.Cron).Must((r, _) => EverFires(r)).When(r => r.Cron is not null && FaultOf(r.Cron) is null && TimeZones.Find(r.TimeZone ?? TimeZones.Default) is not null)
                .WithMessage("never fires, or not between start and end");
        }

        private static string? FaultOf(string cron)
        {
            if (cron.Length > Limits.MaxCronLength)
            {
                return $"must have at most {Limits.MaxCronLength} characters";
            }

            try
            {
                Recurrence.ParseCron(cron);
                return null;
            }
            catch (CronFormatException error)
            {
                return $"is not a cron expression of five or six fields: {error.Message.Replace("The given cron expression has an invalid format. ", "", StringComparison.Ordinal)}";
            }
            catch (MissingSeedException)
            {
                return "is not a cron expression of five or six fields: H has no meaning here";
            }
        }

        /// <summary>Whatever the time is now: a schedule that is over may be put again.</summary>
        private static bool EverFires(Request request) => new Recurrence(request, DateTimeOffset.UnixEpoch).After(DateTimeOffset.UnixEpoch) is not null;
    }

    private static async Task<Results<Ok<Schedule>, Created<Schedule>, ProblemHttpResult>> HandleAsync(
        ScheduleName name, JsonBody<Request> body, Caller caller, ScheduleStore store, Scheduler scheduler, JobLimits limits)
    {
        if (!name.IsValid)
        {
            return Problems.Invalid("name", QueueName.Rule);
        }

        var request = body.Value;
        if ((limits.CheckPayload(request.Job.Payload) ?? CheckMeets(request, limits)) is { } problem)
        {
            return problem;
        }

        if (!caller.MayProduce(caller.Queue(request.Job.Queue))
            || await store.ChangeAsync(name, caller, (found, now) => Replace(found, request, body.Utf8, now)) is not (var before, { } after))
        {
            return Problems.Forbidden();
        }

        scheduler.Wake();
        var answer = Schedule.From(name, after);
        return before is null ? TypedResults.Created($"/schedules/{name}", answer) : TypedResults.Ok(answer);
    }

    private static ProblemHttpResult? CheckMeets(Request request, JobLimits limits) =>
        limits.CheckMeets(request.Job.ToRequest(null), "by a schedule") is { } problem ? Problems.Within(problem, "job") : null;

    private static ScheduleRecord Replace(ScheduleRecord? found, Request request, ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        if (found?.ReadDefinition().HasTimesOf(request) == true)
        {
            return found with { Body = body };
        }

        var next = found is { Paused: true } ? null : new Recurrence(request, now).After(now);
        return found is null
            ? new ScheduleRecord { Next = next, Anchor = now, Body = body }
            : found with { Next = next, Anchor = now, Body = body };
    }
}
