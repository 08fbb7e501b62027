using System.Diagnostics;

namespace DelayQueueApi.Faults.Processes;

/// <summary>A disk of a few MiB that a test fills. It takes the right to mount: without it the test is skipped, but in CI it fails.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string filler;

    private SmallDisk(string folder) => (Folder, filler) = (folder, Path.Combine(folder, "filler"));

    public string Folder { get; }

    public static async Task<SmallDisk> MountAsync(int mebibytes)
    {
        var folder = Directory.CreateTempSubdirectory("delayqueue-disk-").FullName;
        if (await RunAsync("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", folder) is { } problem)
        {
            Directory.Delete(folder);
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", $"CI must test on a full disk: {problem}");
            Assert.Skip($"A tmpfs cannot be mounted here: {problem}");
        }

        return new SmallDisk(folder);
    }

    /// <summary>Takes all the room that there is.</summary>
    public async Task FillAsync()
    {
        await using var file = new FileStream(filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        // The last pages are taken one by one.
        foreach (var size in (int[])[1024 * 1024, 4096, 1])
        {
            try
            {
                while (true)
                {
                    await file.WriteAsync(new byte[size]);
                }
            }
            catch (IOException)
            {
                // No room for one more.
            }
        }
    }

    public void Free() => File.Delete(filler);

    public async ValueTask DisposeAsync()
    {
        Assert.Null(await RunAsync("umount", Folder));
        Directory.Delete(Folder);
    }

    /// <returns>What the program complains of; null where it does not.</returns>
    private static async Task<string?> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? null : error.Trim();
    }
}
