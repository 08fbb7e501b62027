using System.Text;

namespace DelayQueueApi.Faults.Processes;

public class CommandReaderTests
{
    private const string Ping = "*1\r\n$4\r\nPING\r\n";
    private const string Call = "*4\r\n$7\r\nEVALSHA\r\n$3\r\nabc\r\n$1\r\n0\r\n$9\r\n*1\r\n$4\r\nX\r\n";

    [Fact]
    public void The_end_of_a_script_call_is_found_however_the_bytes_come()
    {
        var bytes = Encoding.ASCII.GetBytes(Ping + Call + Ping + Call);
        for (var size = 1; size <= bytes.Length; size++)
        {
            var commands = new CommandReader();
            var ends = bytes.Chunk(size).SelectMany((chunk, number) => commands.EndsOfScriptCalls(chunk).Select(call => ((number * size) + call.End, call.Script)));

            Assert.Equal([(Ping.Length + Call.Length, "abc"), (bytes.Length, "abc")], ends);
        }
    }
}
