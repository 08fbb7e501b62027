using System.Diagnostics;
using DelayQueueApi.Tests.Contract;

namespace DelayQueueApi.Tests.Telemetry;

/// <summary>The example shows what it says, with this build of the service.</summary>
public sealed class OneTraceExampleTests
{
    [Fact]
    public async Task One_trace_goes_from_the_producer_over_the_worker_to_the_ack()
    {
        var python = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "python3")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(python is null, "There is no python3 here.");
        var start = new ProcessStartInfo(python!, [Path.Combine(Repository.Root, "examples/one-trace/run.py")]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SERVICE"] = Path.Combine(AppContext.BaseDirectory, "DelayQueueApi.dll");
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        // The store of a process that has just begun may be slow on a busy machine.
        start.Environment["Store__TimeoutMs"] = "30000";
        using var example = Process.Start(start)!;

        var (said, wrong) = (example.StandardOutput.ReadToEndAsync(), example.StandardError.ReadToEndAsync());
        await example.WaitForExitAsync();

        Assert.True(example.ExitCode == 0, $"{await said}{await wrong}");
        Assert.Matches("(?s)producer.*send orders.*worker.*ack orders  .linked to the producer.*receive orders  .linked to the producer", await said);
    }
}
