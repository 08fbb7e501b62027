using System.Text;

namespace DelayQueueApi.Faults.Processes;

/// <summary>Follows a client's side of a connection to Redis, to tell where script calls end, and of which scripts: arrays of strings, each with its length.</summary>
internal sealed class CommandReader
{
    private readonly List<byte> line = [];
    private long argumentsLeft;
    private long bytesLeft;
    private readonly StringBuilder argument = new();
    private int argumentsRead;
    private bool isScript;
    private string script = "";

    /// <summary>What is kept of an argument: the name of a command and of a script are shorter.</summary>
    private const int MostKept = 64;

    /// <returns>Places in the bytes behind which a script call is complete, each with the name that the store has for the script.</returns>
    public IReadOnlyList<(int End, string Script)> EndsOfScriptCalls(ReadOnlySpan<byte> bytes)
    {
        var ends = new List<(int, string)>();
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytesLeft > 0)
            {
                var read = (int)Math.Min(bytesLeft, bytes.Length - i);
                if (argumentsRead < 2)
                {
                    argument.Append(Encoding.ASCII.GetString(bytes.Slice(i, Math.Min(read, MostKept))));
                }

                i += read - 1;
                bytesLeft -= read;
                if (bytesLeft == 0)
                {
                    EndArgument();
                    if (argumentsLeft == 0 && isScript)
                    {
                        ends.Add((i + 1, script));
                    }
                }
            }
            else if (bytes[i] == '\n')
            {
                ReadLine(Encoding.ASCII.GetString([.. line]));
                line.Clear();
            }
            else if (bytes[i] != '\r')
            {
                line.Add(bytes[i]);
            }
        }

        return ends;
    }

    private void ReadLine(string header)
    {
        if (header.StartsWith('*'))
        {
            (argumentsLeft, argumentsRead) = (long.Parse(header[1..]), 0);
        }
        else if (header.StartsWith('$'))
        {
            // Its end of line belongs to it.
            bytesLeft = long.Parse(header[1..]) + 2;
        }
    }

    private void EndArgument()
    {
        argumentsLeft--;
        var text = argument.ToString().TrimEnd('\r', '\n');
        argument.Clear();
        (isScript, script) = argumentsRead++ switch
        {
            0 => (text.StartsWith("EVAL", StringComparison.OrdinalIgnoreCase), ""),
            1 => (isScript, text),
            _ => (isScript, script),
        };
    }
}
