using DelayQueueApi.Jobs;

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

    /// <summary>Where there are jobs and none of the first ones can be read, another version with another form of records has made them.</summary>
    /// <exception cref="InvalidOperationException">It is so.</exception>
    /// <exception cref="StoreException">The store could not be asked or did not answer.</exception>
    public async Task RefuseOtherFormAsync(CancellationToken cancellation)
    {
        try
        {
            var (database, isFilled) = (await connection.DatabaseAsync(), false);
            foreach (var partition in partitions)
            {
                await foreach (var page in new StoreScan(database).HashAsync(partition.Jobs, cancellation))
                {
                    if (page.Any(job => JobRecord.QueueIn(job.Key, job.Value) is not null))
                    {
                        return;
                    }

                    isFilled = true;
                    break;
                }
            }

            if (isFilled)
            {
                throw new InvalidOperationException(
                    "The jobs in the store cannot be read: another version of the service has made them. Nothing was changed. "
                    + "Run that version, name another store or Store:KeyPrefix, or have fsck --repair move them aside.");
            }
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
