using DelayQueueApi.Queues;

namespace DelayQueueApi.Schedules;

/// <summary>Names a schedule, by the rule for queues and behind the same namespaces.</summary>
internal readonly record struct ScheduleName(string Text, string Namespace = Namespaces.Default)
{
    public bool IsValid => new QueueName(Text).IsValid;

    /// <summary>The name in the store.</summary>
    public string Stored => new QueueName(Text, Namespace).Stored;

    /// <summary>As <see cref="QueueName.Short"/>.</summary>
    public string Short => new QueueName(Text, Namespace).Short;

    public static ScheduleName FromStored(string stored) => QueueName.FromStored(stored) is var name ? new(name.Text, name.Namespace) : default;

    public static bool TryParse(string? text, out ScheduleName name)
    {
        name = new ScheduleName(text ?? "");
        return true;
    }

    public override string ToString() => Text;
}
