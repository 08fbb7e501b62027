namespace DelayQueueApi.Store;

/// <summary>
/// Compares how many bytes a queue's records are said to have with the records. That takes many steps, and while something happens to the
/// queue it cannot be told: then nothing is found.
/// </summary>
internal sealed class BytesCheck(ScriptRunner scripts, PartitionKeys keys, bool repair)
{
    private static readonly Script AddUp = Script.Load("Store/FsckBytes.lua");

    /// <returns>Whether what is counted is wrong. Two walks over the records must have found the same.</returns>
    public async Task<bool> RunAsync(string queue, CancellationToken cancellation)
    {
        var (verdict, sum) = await WalkAsync(queue, "", cancellation);
        return verdict == "differs" && (await WalkAsync(queue, sum, cancellation)).Verdict == "fault";
    }

    private async Task<(string Verdict, string Sum)> WalkAsync(string queue, string sum, CancellationToken cancellation)
    {
        string[] at = ["", "", "", ""];
        do
        {
            cancellation.ThrowIfCancellationRequested();
            var call = new ScriptCall(keys);
            call.Queue(queue);
            at = (string[])(await scripts.RunAsync(AddUp, call.Add(repair ? "1" : "", sum, at[0], at[1], at[2], at[3])))!;
        }
        while (at[1].Length > 0);
        return (at[2], at[3]);
    }
}
