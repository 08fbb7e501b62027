using DelayQueueApi.Queues;

namespace DelayQueueApi.Schedules;

/// <summary>Names a schedule, by the rule for queues and behind the same namespaces.</summary>
internal readonly record struct ScheduleName(string Text)
{
    /// <summary>What all names in the store begin with.</summary>
    public static string Namespace { get; } = new QueueName("").Stored;

    public bool IsValid => new QueueName(Text).IsValid;

    /// <summary>The name in the store.</summary>
    public string Stored => new QueueName(Text).Stored;

    public static ScheduleName FromStored(string stored) => new(QueueName.FromStored(stored).Text);

    public static bool TryParse(string? text, out ScheduleName name)
    {
        name = new ScheduleName(text ?? "");
        return true;
    }

    public override string ToString() => Text;
}
