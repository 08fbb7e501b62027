namespace DelayQueueApi.Queues;

/// <summary>Some queues.</summary>
/// <param name="Text">A queue's name, or what names begin with and a star.</param>
internal readonly record struct QueuePattern(string Text)
{
    public const string Rule = "must be names of queues, or beginnings of names with a star behind them, as in mail-*";

    public static readonly QueuePattern All = new("*");

    public bool IsPrefix => Text.EndsWith('*');

    /// <summary>What their names begin with.</summary>
    public string Start => IsPrefix ? Text[..^1] : Text;

    public bool IsValid => Text == All.Text || new QueueName(Start).IsValid;

    public bool Matches(string queue) => IsPrefix ? queue.AsSpan().StartsWith(Text.AsSpan(0, Text.Length - 1)) : queue == Text;

    public bool Covers(QueuePattern other) => IsPrefix ? other.Start.StartsWith(Start, StringComparison.Ordinal) : this == other;
}
