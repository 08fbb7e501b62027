namespace DelayQueueApi.Store;

/// <summary>
/// Compares the records with what is derived from them, and repairs it on demand. Works in bounded steps, each atomic, so that it may run
/// while the service works; run again, it finds nothing.
/// </summary>
internal sealed class Fsck(StoreConnection connection, ScriptRunner scripts, Partitions partitions)
{
    /// <param name="repair">False to change nothing.</param>
    /// <param name="cancellation">Ends it between two steps.</param>
    /// <exception cref="StoreException">The store could not be asked or did not answer; what is repaired by then stays so.</exception>
    public async Task<FsckReport> RunAsync(bool repair, CancellationToken cancellation = default)
    {
        try
        {
            var report = await LookAsync(repair, cancellation);
            // While something is removed the embedded engine's scans pass over other things, and one repair can bring another fault to light.
            for (var last = report; repair && last.Count > last.Left; report.Add(last))
            {
                last = await LookAsync(repair, cancellation);
            }

            return report;
        }
        catch (Exception error) when (StoreException.From(error) is { } known)
        {
            throw known;
        }
    }

    private async Task<FsckReport> LookAsync(bool repair, CancellationToken cancellation)
    {
        var report = new FsckReport(repair);
        foreach (var partition in partitions)
        {
            await new PartitionCheck(connection, scripts, partition, report, repair).RunAsync(cancellation);
        }

        return report;
    }
}
