using DelayQueueApi.Store;
using Microsoft.Extensions.Time.Testing;

namespace DelayQueueApi.Tests.Store;

public class GroupCommitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(750);

    private readonly FakeTimeProvider time = new();
    private readonly List<IReadOnlyList<int>> calls = [];
    private readonly TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task An_operation_that_comes_alone_leaves_at_once()
    {
        open.SetResult();
        await using var group = Group();

        Assert.Equal(70, await group.SubmitAsync(7));

        Assert.Equal([7], Assert.Single(calls));
    }

    [Fact]
    public async Task Operations_that_come_while_a_call_is_in_flight_share_the_next_ones_in_order()
    {
        await using var group = Group();
        var first = await InFlightAsync(group, 1);

        var rest = Enumerable.Range(2, 150).Select(operation => group.SubmitAsync(operation)).ToArray();
        open.SetResult();

        Assert.Equal(Enumerable.Range(1, 151).Select(i => i * 10), await Task.WhenAll([first, .. rest]));
        Assert.Equal([[1], [.. Enumerable.Range(2, 100)], [.. Enumerable.Range(102, 50)]], calls);
    }

    [Fact]
    public async Task A_call_carries_no_more_than_its_weight()
    {
        await using var group = Group(maxWeight: 10);
        var first = await InFlightAsync(group, 99);

        int[] weights = [4, 4, 4, 50, 1];
        var rest = weights.Select(weight => group.SubmitAsync(weight)).ToArray();
        open.SetResult();
        await Task.WhenAll([first, .. rest]);

        Assert.Equal([[4, 4], [4], [50], [1]], calls.Skip(1));
    }

    [Fact]
    public async Task Two_others_leave_beside_the_first_once_they_are_full()
    {
        await using var group = Group();
        var first = await InFlightAsync(group, 1);

        var rest = Enumerable.Range(2, 350).Select(operation => group.SubmitAsync(operation)).ToArray();
        await Hosting.Api.UntilAsync(() => calls.Count == 3);
        open.SetResult();

        Assert.Equal(Enumerable.Range(1, 351).Select(i => i * 10), await Task.WhenAll([first, .. rest]));
        Assert.Equal([1, 100, 100, 100, 50], calls.Select(call => call.Count));
    }

    [Fact]
    public async Task Many_that_are_submitted_together_stay_together()
    {
        await using var group = Group();
        var first = await InFlightAsync(group, 1);
        var second = group.SubmitAsync(2);

        var together = group.SubmitAllAsync([.. Enumerable.Range(3, 150)]);
        open.SetResult();

        Assert.Equal(Enumerable.Range(3, 150).Select(i => (i * 10, (StoreException?)null)), await together);
        Assert.Equal((int[])[10, 20], await Task.WhenAll(first, second));
        Assert.Equal([[1], [2], [.. Enumerable.Range(3, 100)], [.. Enumerable.Range(103, 50)]], calls);
    }

    [Fact]
    public async Task Of_many_only_those_of_a_call_that_fails_have_no_reply()
    {
        open.SetResult();
        await using var group = Group();

        var outcomes = await group.SubmitAllAsync([-1, .. Enumerable.Repeat(2, 99), 3]);

        Assert.All(outcomes.Take(100), outcome => Assert.Equal(Applied.Unknown, outcome.Failure?.Applied));
        Assert.Equal((30, null), outcomes[100]);
    }

    [Fact]
    public async Task A_call_that_fails_fails_its_own_operations_only()
    {
        open.SetResult();
        await using var group = Group();

        Assert.Equal(Applied.Unknown, (await Assert.ThrowsAsync<StoreException>(() => group.SubmitAsync(-1))).Applied);

        Assert.Equal(10, await group.SubmitAsync(1));
    }

    [Fact]
    public async Task Operations_beyond_those_that_may_wait_are_refused_and_the_others_answered()
    {
        await using var group = Group();
        var first = await InFlightAsync(group, 1);
        var beside = group.SubmitAllAsync([.. Enumerable.Range(0, 200)]);
        await Hosting.Api.UntilAsync(() => calls.Count == 3);
        var waiting = Enumerable.Range(0, 10_000).Select(operation => group.SubmitAsync(operation)).ToArray();

        Assert.Equal(Applied.No, (await Assert.ThrowsAsync<StoreException>(() => group.SubmitAsync(2))).Applied);

        open.SetResult();
        Assert.Equal(10, await first);
        Assert.Equal(200, (await beside).Count);
        Assert.Equal(10_000, (await Task.WhenAll(waiting)).Distinct().Count());
        Assert.Equal(30, await group.SubmitAsync(3));
    }

    [Fact]
    public async Task An_operation_that_has_waited_too_long_has_no_effect_and_the_next_ones_go_on()
    {
        await using var group = Group();
        var first = await InFlightAsync(group, 1);
        var late = group.SubmitAsync(2);
        time.Advance(Patience);
        var inTime = group.SubmitAsync(3);
        time.Advance(TimeSpan.FromMilliseconds(1));

        open.SetResult();

        Assert.Equal(Applied.No, (await Assert.ThrowsAsync<StoreException>(() => late)).Applied);
        Assert.Equal((int[])[10, 30], await Task.WhenAll(first, inTime));
        Assert.Equal([[1], [3]], calls);
    }

    [Fact]
    public async Task An_operation_that_is_cancelled_before_it_is_sent_has_no_effect_and_one_that_is_sent_is_answered()
    {
        await using var group = Group();
        using var gone = new CancellationTokenSource();
        var first = await InFlightAsync(group, 1, gone.Token);
        var cancelled = group.SubmitAsync(2, gone.Token);
        var other = group.SubmitAsync(3);
        await gone.CancelAsync();

        open.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal((int[])[10, 30], await Task.WhenAll(first, other));
        Assert.Equal([[1], [3]], calls);
    }

    [Fact]
    public async Task What_was_submitted_before_the_end_is_answered_and_what_comes_later_refused()
    {
        var group = Group();
        var first = await InFlightAsync(group, 1);
        var waiting = group.SubmitAsync(2);

        var end = group.DisposeAsync();
        Assert.False(end.IsCompleted);
        Assert.Equal(Applied.No, (await Assert.ThrowsAsync<StoreException>(() => group.SubmitAsync(3))).Applied);
        open.SetResult();
        await end;

        Assert.Equal((int[])[10, 20], await Task.WhenAll(first, waiting));
    }

    /// <summary>An operation whose call is under way and ends once the calls are open.</summary>
    private async Task<Task<int>> InFlightAsync(GroupCommit<int, int> group, int operation, CancellationToken cancellation = default)
    {
        var reply = group.SubmitAsync(operation, cancellation);
        await Hosting.Api.UntilAsync(() => calls.Count == 1);
        return reply;
    }

    private GroupCommit<int, int> Group(int maxWeight = 1_000_000_000) => new(
        async batch =>
        {
            lock (calls)
            {
                calls.Add(batch);
            }

            await open.Task;
            return batch[0] < 0 ? throw new StoreException(Applied.Unknown, "lost") : [.. batch.Select(i => i * 10)];
        },
        operation => operation, maxWeight, Patience, time);
}
