using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

public sealed class DataDirectoryTests : IAsyncLifetime
{
    private const string Queue = "kept";

    private readonly ServiceProcess service = ServiceProcess.OnEmbedded();
    private readonly JobClient api;

    public DataDirectoryTests() => api = new JobClient(() => service.Client, new History());

    public async ValueTask InitializeAsync() => await service.StartAsync();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task A_second_process_refuses_to_start_and_the_first_goes_on()
    {
        await using var second = ServiceProcess.OnEmbeddedOf(service);

        var exitCode = await second.StartInVainAsync();

        Assert.NotEqual(0, exitCode);
        Assert.Contains("Another process uses the data directory", second.Output, StringComparison.Ordinal);
        var created = await api.CreateAsync(new NewJob("first", Queue, "1"));
        Assert.Equal(created.Made!.Id, Assert.Single((await api.ClaimAsync(Queue)).Grants).Id);
    }

    [Fact]
    public async Task Jobs_leases_and_what_is_remembered_of_acks_and_keys_outlive_a_restart()
    {
        var acked = await CreateAndClaimAsync("acked");
        var held = await CreateAndClaimAsync("held");
        var pending = new NewJob("pending", Queue, "3", DelayMs: 3_600_000);
        var made = (await api.CreateAsync(pending)).Made!;
        Assert.Equal(204, (await api.AckAsync(acked)).Reply.Status);

        Assert.Equal(0, await service.StopAsync());
        await service.StartAsync();

        Assert.Equal(204, (await api.AckAsync(acked)).Reply.Status);
        Assert.Equal(204, (await api.AckAsync(held)).Reply.Status);
        Assert.Equal(made, (await api.CreateAsync(pending)).Made);
        Assert.Equal(made, await api.JobAsync(made.Id));
        Assert.Equal((1, 3, 2), await api.QueueAsync(Queue) is var queue ? (queue.Unfinished, queue.Totals.Created, queue.Totals.Acked) : default);
    }

    [Fact]
    public async Task A_store_that_is_slower_to_start_than_callers_would_wait_is_waited_for()
    {
        var made = (await api.CreateAsync(new NewJob("slow", Queue, "1", DelayMs: 3_600_000))).Made!;
        await service.StopAsync();
        // Less than the first script of a process takes.
        await using var slow = ServiceProcess.OnEmbeddedOf(service, storeTimeoutMs: 50);

        await slow.StartAsync();

        var there = new JobClient(() => slow.Client, new History());
        await Poll.UntilAsync(async () => (await there.LookAsync(made.Id)).Found?.State == "scheduled");
    }

    private async Task<ClaimedJob> CreateAndClaimAsync(string key)
    {
        await api.CreateAsync(new NewJob(key, Queue, "1"));
        return Assert.Single((await api.ClaimAsync(Queue)).Grants);
    }
}
