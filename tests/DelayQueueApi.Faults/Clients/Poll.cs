using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults.Clients;

/// <summary>Waits for what another process brings about and gives no sign of.</summary>
internal static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(ChildProcess.Patience);
        while (!await holds())
        {
            await Task.Delay(Pause, TimeProvider.System, limit.Token);
        }
    }
}
