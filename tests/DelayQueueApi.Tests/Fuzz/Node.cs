using System.Text;
using System.Text.Json;

namespace DelayQueueApi.Tests.Fuzz;

/// <summary>A JSON value that may be broken: fields may stand twice, and a scalar may be any text.</summary>
internal sealed class Node
{
    private Node(string? text, List<(string Name, Node Value)>? fields, List<Node>? items) => (Text, Fields, Items) = (text, fields, items);

    /// <summary>Of a scalar.</summary>
    public string? Text { get; private set; }

    /// <summary>Of an object.</summary>
    public List<(string Name, Node Value)>? Fields { get; private set; }

    /// <summary>Of an array.</summary>
    public List<Node>? Items { get; private set; }

    public static Node Raw(string text) => new(text, null, null);

    public static Node String(string text) => Raw(JsonSerializer.Serialize(text));

    public static Node Object(IEnumerable<(string, Node)> fields) => new(null, [.. fields], null);

    public static Node Array(IEnumerable<Node> items) => new(null, null, [.. items]);

    public void Become(string text) => (Text, Fields, Items) = (text, null, null);

    /// <summary>This node and all below it.</summary>
    public IEnumerable<Node> All() => [this, .. (Fields?.Select(field => field.Value) ?? Items ?? []).SelectMany(node => node.All())];

    public override string ToString() => Write(new StringBuilder()).ToString();

    private StringBuilder Write(StringBuilder text)
    {
        if (Text is not null)
        {
            return text.Append(Text);
        }

        text.Append(Fields is null ? '[' : '{');
        for (var i = 0; i < (Fields?.Count ?? Items!.Count); i++)
        {
            text.Append(i > 0 ? "," : "");
            if (Fields is not null)
            {
                text.Append(JsonSerializer.Serialize(Fields[i].Name)).Append(':');
            }

            (Fields?[i].Value ?? Items![i]).Write(text);
        }

        return text.Append(Fields is null ? ']' : '}');
    }
}
