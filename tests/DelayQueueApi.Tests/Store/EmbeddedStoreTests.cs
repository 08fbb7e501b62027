using System.Net;
using System.Text;
using DelayQueueApi.Http;
using DelayQueueApi.Store;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace DelayQueueApi.Tests.Store;

/// <summary>The service as it starts with nothing installed, on the store's own clock.</summary>
public sealed class EmbeddedStoreTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("delayqueue-embedded-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Jobs_outlive_a_restart()
    {
        string location;
        await using (var before = Service())
        {
            location = await ScheduleAsync(before);
        }

        await using var after = Service();

        Assert.Equal(HttpStatusCode.OK, (await after.CreateClient().GetAsync(location, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Schedules_outlive_a_restart_with_their_next_instant()
    {
        string schedule;
        await using (var before = Service())
        {
            using var body = Api.Content("{\"intervalMs\":86400000,\"job\":{\"payload\":1}}"u8.ToArray(), "application/json");
            var made = await before.CreateClient().PutAsync("/schedules/daily", body, TestContext.Current.CancellationToken);
            schedule = await made.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }

        await using var after = Service();

        Assert.Equal(schedule, await after.CreateClient().GetStringAsync("/schedules/daily", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_service_tells_what_it_runs_on()
    {
        await using var service = Service();

        var info = await Api.ReadAsync(await service.CreateClient().GetAsync("/info", TestContext.Current.CancellationToken), WireJson.Default.GetInfoResponse);

        Assert.Equal(("embedded", Durability.FsyncAlways), (info.Store.Kind, info.Store.Durability));
    }

    [Fact]
    public async Task Two_processes_never_share_a_data_directory()
    {
        await using var first = Service();
        await ScheduleAsync(first);
        await using var second = Service();

        var refusal = Assert.Throws<StoreException>(() => second.Address);

        Assert.Contains("Another process uses the data directory", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>They are not moved aside as if a kill had damaged them.</summary>
    [Fact]
    public async Task Jobs_of_another_version_keep_the_service_from_starting_and_stay_where_they_are()
    {
        await using (var before = Service())
        {
            await ScheduleAsync(before);
            var (database, jobs) = (await before.Services.GetRequiredService<StoreConnection>().DatabaseAsync(), before.Services.GetRequiredService<Partitions>().First.Jobs);
            await database.KeyDeleteAsync(jobs);
            await database.HashSetAsync(jobs, "01M84XZDE200000FAWMB8EZEZX", "a record of another form");
        }

        for (var tries = 0; tries < 2; tries++)
        {
            await using var after = Service();
            var refusal = Assert.Throws<InvalidOperationException>(() => after.Address);
            Assert.Contains("another version", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task New_jobs_are_refused_before_memory_runs_out_and_the_rest_goes_on()
    {
        await using var service = Service(maxMemoryMiB: "1");

        using var job = Api.Content("{\"payload\":1}"u8.ToArray(), "application/json");
        var refused = await service.CreateClient().PostAsync("/jobs", job, TestContext.Current.CancellationToken);
        using var claim = Api.Content("{}"u8.ToArray(), "application/json");
        var claimed = await service.CreateClient().PostAsync("/jobs/claim", claim, TestContext.Current.CancellationToken);

        await Api.AssertProblemAsync(refused, HttpStatusCode.ServiceUnavailable, "store-unavailable");
        Assert.Contains("\"applied\":\"no\"", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, claimed.StatusCode);
    }

    private static async Task<string> ScheduleAsync(RealService service)
    {
        using var content = Api.Content(Encoding.UTF8.GetBytes("{\"payload\":1,\"delayMs\":60000}"), "application/json");
        var answer = await service.CreateClient().PostAsync("/jobs", content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }

    private RealService Service(string maxMemoryMiB = "0") => new(directory, maxMemoryMiB);
}
