using System.Buffers.Text;
using System.Security.Cryptography;

namespace DelayQueueApi.Jobs;

/// <summary>An ETag stands for all bytes of a job's record, so that it changes with everything that happens to the job.</summary>
internal static class Etags
{
    public static string Of(JobRecord job) => $"\"{Base64Url.EncodeToString(SHA256.HashData(job.Stored.Span).AsSpan(0, 12))}\"";

    /// <param name="ifMatch">As the header If-Match: * or a list of ETags.</param>
    /// <param name="job">The job as it is.</param>
    public static bool Match(string ifMatch, JobRecord job) =>
        ifMatch.Trim() == "*" || ifMatch.Split(',', StringSplitOptions.TrimEntries).Contains(Of(job));
}
