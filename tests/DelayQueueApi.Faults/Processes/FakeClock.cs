namespace DelayQueueApi.Faults.Processes;

/// <summary>The clock that a process sees, which a test sets while it runs. It takes libfaketime: without it the test is skipped.</summary>
internal sealed class FakeClock : IDisposable
{
    private static readonly string? Library = ((string[])["/usr/lib", "/usr/local/lib"]).Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true })).FirstOrDefault();

    private readonly string file = Path.GetTempFileName();

    public FakeClock(string offset = "+0")
    {
        Assert.SkipWhen(Library is null, "libfaketime is not installed.");
        Set(offset);
    }

    /// <summary>Variables for the process. The clock by which it waits stays as it is.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = Library!,
        ["FAKETIME_TIMESTAMP_FILE"] = file,
        ["FAKETIME_NO_CACHE"] = "1",
        ["DONT_FAKE_MONOTONIC"] = "1",
        ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
    };

    /// <param name="offset">From the real time, as libfaketime takes it: +1h, -30s, +0.</param>
    public void Set(string offset) => File.WriteAllText(file, offset);

    public void Dispose() => File.Delete(file);
}
