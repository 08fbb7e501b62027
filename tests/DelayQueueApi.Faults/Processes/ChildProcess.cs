using System.Diagnostics;
using System.Text;

namespace DelayQueueApi.Faults.Processes;

/// <summary>A program that tests kill and pause. What it says is kept for diagnostics; disposing kills it.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>For what takes far less unless something is broken.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process process;
    private readonly Task exited;
    private readonly string readyPhrase;
    private readonly TaskCompletionSource<string> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder output = new();

    /// <param name="readyPhrase">Part of the line by which the program says that it can be used.</param>
    public ChildProcess(ProcessStartInfo start, string readyPhrase)
    {
        this.readyPhrase = readyPhrase;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        exited = process.WaitForExitAsync();
    }

    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    /// <returns>The line by which the program says that it can be used.</returns>
    public async Task<string> ReadyAsync()
    {
        await Task.WhenAny(ready.Task, exited).WaitAsync(Patience);
        Assert.True(ready.Task.IsCompleted, $"The program ended before it was ready:\n{Output}");
        return await ready.Task;
    }

    /// <returns>The exit code.</returns>
    public async Task<int> ExitedAsync()
    {
        await exited.WaitAsync(Patience);
        return process.ExitCode;
    }

    /// <summary>The program gets no chance to tidy up.</summary>
    public void Kill() => process.Kill();

    /// <param name="name">As kill(1) takes it: TERM, STOP, CONT.</param>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("sh", ["-c", $"kill -{name} {process.Id}"]);
        await kill.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(0, kill.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await exited.WaitAsync(Patience);
        process.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (output)
        {
            output.AppendLine(line);
        }

        if (line.Contains(readyPhrase, StringComparison.Ordinal))
        {
            ready.TrySetResult(line);
        }
    }
}
