using System.Buffers.Text;
using System.Security.Cryptography;

namespace DelayQueueApi.Jobs;

/// <summary>An ETag stands for a job's record, so that it changes with everything that happens to the job.</summary>
internal static class Etags
{
    public static string Of(JobRecord job)
    {
        // That somebody waits for its end is noted in the record, and changes nothing about the job.
        byte[] record = [.. job.Stored.Span];
        record[2] = job.CancelRequested ? (byte)'x' : (byte)'-';
        return $"\"{Base64Url.EncodeToString(SHA256.HashData(record).AsSpan(0, 12))}\"";
    }

    /// <param name="ifMatch">As the header If-Match: * or a list of ETags.</param>
    /// <param name="job">The job as it is.</param>
    public static bool Match(string ifMatch, JobRecord job) =>
        ifMatch.Trim() == "*" || ifMatch.Split(',', StringSplitOptions.TrimEntries).Contains(Of(job));
}
