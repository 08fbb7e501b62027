using System.Text;

namespace DelayQueueApi.Faults.Processes;

/// <summary>Follows a client's side of a connection to Redis, to tell where script calls end: arrays of strings, each with its length.</summary>
internal sealed class CommandReader
{
    private readonly List<byte> line = [];
    private long argumentsLeft;
    private long bytesLeft;
    private bool isName;
    private bool isScript;
    private string name = "";

    /// <returns>Places in the bytes behind which a script call is complete.</returns>
    public IReadOnlyList<int> EndsOfScriptCalls(ReadOnlySpan<byte> bytes)
    {
        var ends = new List<int>();
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytesLeft > 0)
            {
                // Of a long argument only the end matters.
                var skipped = isName ? 1 : (int)Math.Min(bytesLeft, bytes.Length - i);
                if (isName)
                {
                    name += (char)bytes[i];
                }

                i += skipped - 1;
                bytesLeft -= skipped;
                if (bytesLeft == 0)
                {
                    EndArgument();
                    if (argumentsLeft == 0 && isScript)
                    {
                        ends.Add(i + 1);
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
            (argumentsLeft, isName, name) = (long.Parse(header[1..]), true, "");
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
        if (isName)
        {
            (isName, isScript) = (false, name.StartsWith("EVAL", StringComparison.OrdinalIgnoreCase));
        }
    }
}
