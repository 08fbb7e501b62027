using System.Collections.Concurrent;
using DelayQueueApi.Leases;

namespace DelayQueueApi.Tests.Leases;

public sealed class PreciseTimeTests : IDisposable
{
    private readonly PreciseTime time = new();

    public void Dispose() => time.Dispose();

    [Fact]
    public async Task Timers_fire_once_each_and_never_before_their_time()
    {
        var fired = new ConcurrentQueue<(int Timer, TimeSpan After)>();
        var all = new TaskCompletionSource();
        var started = time.GetTimestamp();
        int[] delays = [30, 5, 20, 0, 5];
        var timers = delays.Select((delay, i) => time.CreateTimer(_ => Note(i), null, TimeSpan.FromMilliseconds(delay), Timeout.InfiniteTimeSpan)).ToArray();

        await all.Task.WaitAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(Enumerable.Range(0, delays.Length), fired.Select(f => f.Timer).Order());
        Assert.All(fired, f => Assert.True(f.After >= TimeSpan.FromMilliseconds(delays[f.Timer]), $"{f}"));
        Assert.All(timers, timer => timer.Dispose());

        void Note(int timer)
        {
            fired.Enqueue((timer, time.GetElapsedTime(started)));
            if (fired.Count == delays.Length)
            {
                all.TrySetResult();
            }
        }
    }

    [Fact]
    public async Task A_timer_can_be_brought_forward_and_set_again()
    {
        var first = new TaskCompletionSource();
        var second = new TaskCompletionSource();
        using var timer = time.CreateTimer(_ => (first.Task.IsCompleted ? second : first).SetResult(), null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);

        timer.Change(TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        await first.Task.WaitAsync(TimeSpan.FromMinutes(2));
        timer.Change(TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        await second.Task.WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Delays_and_periods_go_by_it()
    {
        using var periodic = new PeriodicTimer(TimeSpan.FromMilliseconds(1), time);

        Assert.True(await periodic.WaitForNextTickAsync(TestContext.Current.CancellationToken));
        Assert.True(await periodic.WaitForNextTickAsync(TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<TimeoutException>(() => new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromMilliseconds(1), time));
    }
}
