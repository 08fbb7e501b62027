using DelayQueueApi.Leases;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace DelayQueueApi.Tests.Leases;

public sealed class WakeupsTests(EmbeddedApi api) : IClassFixture<EmbeddedApi>
{
    [Fact]
    public void A_timer_that_fires_before_its_time_is_set_again()
    {
        var time = new HastyTime();
        var wakeups = new Wakeups(api.Service<WakeupHints>(), time);
        using var waiter = wakeups.Join(["q"]);
        wakeups.Expect("q", 10_000);
        time.Advance(TimeSpan.FromMilliseconds(9));
        Assert.True(waiter.IsWoken);

        // It looks, and finds that it is a millisecond early.
        waiter.Rearm();
        wakeups.Expect("q", 2_000);
        time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(waiter.IsWoken);
    }

    /// <summary>Timers of real systems count in coarse ticks: they may fire a little before their time.</summary>
    private sealed class HastyTime : FakeTimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new HastyTimer(base.CreateTimer(callback, state, Sooner(dueTime), period));

        private static TimeSpan Sooner(TimeSpan time) => time > TimeSpan.Zero ? time - TimeSpan.FromMilliseconds(1) : time;

        private sealed class HastyTimer(ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(Sooner(dueTime), period);

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
