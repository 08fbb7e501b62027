using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Serialization;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Queues;

namespace DelayQueueApi.Schedules;

/// <summary>A schedule as callers see it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="TimeZone">IANA time zone in which cron is read.</param>
/// <param name="Misfire">What becomes of instants that were missed.</param>
/// <param name="Overlap">What becomes of an instant while the job of the one before is not finished.</param>
/// <param name="Job">What each instant makes.</param>
/// <param name="Paused">Nothing is made until it is resumed.</param>
/// <param name="Cron">Its cron expression, or intervalMs.</param>
/// <param name="IntervalMs">Ms from one instant to the next, or cron.</param>
/// <param name="Start">No instant is earlier.</param>
/// <param name="End">No instant is later.</param>
/// <param name="NextAt">The next instant; not there while paused, and after the last one.</param>
/// <param name="LastAt">The newest instant that has made a job.</param>
/// <param name="LastJobId">The job that it made.</param>
internal sealed record Schedule(
    string Name,
    string TimeZone,
    Misfire Misfire,
    Overlap Overlap,
    JobTemplate Job,
    bool Paused,
    string? Cron = null,
    long? IntervalMs = null,
    DateTimeOffset? Start = null,
    DateTimeOffset? End = null,
    DateTimeOffset? NextAt = null,
    DateTimeOffset? LastAt = null,
    string? LastJobId = null)
{
    public static Schedule From(ScheduleName name, ScheduleRecord record)
    {
        var definition = record.ReadDefinition();
        return new Schedule(
            name.Text, definition.TimeZone ?? TimeZones.Default, definition.Misfire ?? Misfire.Once, definition.Overlap ?? Overlap.Allow, definition.Job,
            record.Paused, definition.Cron, definition.IntervalMs, definition.Start, definition.End,
            record.Next, record.LastAt, record.LastJob?.Text);
    }
}

/// <summary>The job that each instant makes: the fields of POST /jobs without its time.</summary>
/// <param name="Payload">Any JSON value, kept byte for byte; up to 1 MiB unless the service is set otherwise.</param>
/// <param name="Queue">Where to put it: a-z, 0-9, '_', '.', '-'.</param>
/// <param name="Priority">Higher first among the jobs that are due.</param>
/// <param name="MaxAttempts">After so many failed attempts the job is dead.</param>
/// <param name="LeaseMs">How long a worker may hold it before it is given to another.</param>
/// <param name="Backoff">How long to wait after a failed attempt; where nothing is said the queue's own, else exponential from a second to an hour.</param>
/// <param name="TtlMs">Where no worker has it within so many ms of its instant, it expires and is never delivered.</param>
/// <param name="RetentionMs">Keep it for so many ms once it is completed or expired.</param>
/// <param name="Unique">At most one live job of the queue holds a key; an instant whose job is not made for that is passed over.</param>
/// <param name="Metadata">Up to 32 string pairs, 4 KiB in all. The job gets two more, which win: schedule and scheduledFor.</param>
internal sealed record JobTemplate(
    RawJson Payload,
    [property: DefaultValue(QueueName.Default), RegularExpression(QueueName.Pattern)] string? Queue = null,
    [property: DefaultValue(Limits.DefaultPriority), Range(Limits.MinPriority, Limits.MaxPriority)] int? Priority = null,
    [property: Range(1, Limits.MaxAttempts)] int? MaxAttempts = null,
    [property: Range(Limits.MinLeaseMs, Limits.MaxLeaseMs)] int? LeaseMs = null,
    Backoff? Backoff = null,
    [property: Range(1, Limits.MaxTtlMs)] long? TtlMs = null,
    [property: Range(0, Limits.MaxRetentionMs)] long? RetentionMs = null,
    Unique? Unique = null,
    Dictionary<string, string>? Metadata = null)
{
    /// <summary>The request of a job that runs at an instant.</summary>
    public ScheduleJob.Request ToRequest(DateTimeOffset? runAt = null) =>
        new(Payload, Queue, null, runAt, Priority, MaxAttempts, LeaseMs, Backoff, TtlMs, RetentionMs, Unique, Metadata);

    /// <summary>The request of a job that carries which schedule and which instant have made it.</summary>
    public ScheduleJob.Request ToRequest(ScheduleName name, DateTimeOffset instant) => ToRequest(instant) with
    {
        Metadata = new Dictionary<string, string>(Metadata ?? [])
        {
            ["schedule"] = name.Text,
            ["scheduledFor"] = instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        },
    };
}

/// <summary>once: the latest of the missed instants makes its job late. skip: missed instants make none.</summary>
[JsonConverter(typeof(KebabCaseEnum<Misfire>))]
internal enum Misfire
{
    Once,
    Skip,
}

/// <summary>allow: every instant makes its job. skip: none while the one before is scheduled, ready or leased. replace: the one before is cancelled then.</summary>
[JsonConverter(typeof(KebabCaseEnum<Overlap>))]
internal enum Overlap
{
    Allow,
    Skip,
    Replace,
}
