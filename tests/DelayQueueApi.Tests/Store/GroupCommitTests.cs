using DelayQueueApi.Store;

namespace DelayQueueApi.Tests.Store;

public class GroupCommitTests
{
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
    public async Task Operations_that_come_while_calls_are_in_flight_share_the_next_one_in_order()
    {
        await using var group = Group();
        var first = new List<Task<int>>();
        for (var call = 1; call <= 4; call++)
        {
            first.Add(group.SubmitAsync(call));
            var seen = call;
            await Hosting.Api.UntilAsync(() => calls.Count == seen);
        }

        var rest = Enumerable.Range(5, 100).Select(group.SubmitAsync).ToArray();
        open.SetResult();

        Assert.Equal(Enumerable.Range(1, 104).Select(i => i * 10), await Task.WhenAll([.. first, .. rest]));
        Assert.Equal([64, 36], calls.Skip(4).Select(call => call.Count));
    }

    [Fact]
    public async Task A_call_carries_no_more_than_its_weight()
    {
        await using var group = Group(maxWeight: 10);
        var first = Enumerable.Range(0, 4).Select(_ => group.SubmitAsync(99)).ToArray();
        await Hosting.Api.UntilAsync(() => calls.Count == 4);

        int[] weights = [4, 4, 4, 50, 1];
        var rest = weights.Select(group.SubmitAsync).ToArray();
        open.SetResult();
        await Task.WhenAll([.. first, .. rest]);

        Assert.Equal([[4, 4], [4], [50], [1]], calls.Skip(4));
    }

    [Fact]
    public async Task A_call_that_fails_fails_its_own_operations_only()
    {
        open.SetResult();
        await using var group = Group();

        await Assert.ThrowsAsync<StoreException>(() => group.SubmitAsync(-1));

        Assert.Equal(10, await group.SubmitAsync(1));
    }

    private GroupCommit<int, int> Group(int maxWeight = 1_000_000) => new(
        async batch =>
        {
            lock (calls)
            {
                calls.Add(batch);
            }

            await open.Task;
            return batch[0] < 0 ? throw new StoreException(Applied.Unknown, "lost") : [.. batch.Select(i => i * 10)];
        },
        operation => operation, maxWeight);
}
