using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using DelayQueueApi.Faults.Clients;
using DelayQueueApi.Faults.Histories;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

public class BurstTests
{
    private const int Jobs = 100_000;
    private const int Batch = 1_000;
    private const int Workers = 8;
    private const int LeaseMs = 600_000;

    [Fact]
    public async Task A_hundred_thousand_jobs_due_in_one_instant_are_each_given_once_and_none_early()
    {
        await using var redis = new RedisProcess();
        await redis.StartAsync();
        await using var service = ServiceProcess.OnRedis(redis);
        await service.StartAsync();
        using var history = new History();
        var api = new JobClient(() => service.Client, history);
        var (queue, runAt) = await EnqueueInTimeAsync(service);
        var grants = new ConcurrentBag<ClaimedJob>();

        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync()));

        Assert.Equal(Jobs, grants.Count);
        Assert.Equal(Jobs, grants.DistinctBy(job => job.Id).Count());
        Assert.Empty(grants.Where(job => job.RunAt != runAt || job.LateMs < 0 || ClaimedAt(job) < runAt).Take(3));
        Assert.Equal((Jobs, Jobs, 0), await api.QueueAsync(queue) is var counts ? (counts.Totals.Created, counts.Leased, counts.Ready) : default);
        var took = grants.Max(ClaimedAt) - grants.Min(ClaimedAt);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Jobs} jobs were given out in {took.TotalMilliseconds} ms, {Jobs / took.TotalSeconds:F0} a second.");

        async Task WorkAsync()
        {
            while (grants.Count < Jobs)
            {
                foreach (var job in (await api.ClaimAsync(queue, limit: 100, LeaseMs, waitMs: 1_000)).Grants)
                {
                    grants.Add(job);
                }
            }
        }
    }

    /// <summary>On the store's clock.</summary>
    private static DateTimeOffset ClaimedAt(ClaimedJob job) => job.Lease.ExpiresAt.AddMilliseconds(-LeaseMs);

    /// <summary>Makes the jobs before their instant; on a slow machine that takes an instant farther ahead.</summary>
    private static async Task<(string Queue, DateTimeOffset RunAt)> EnqueueInTimeAsync(ServiceProcess service)
    {
        for (var seconds = 5; ; seconds *= 2)
        {
            var (queue, time) = ($"burst-{seconds}", TimeProvider.System);
            var runAt = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().AddSeconds(seconds).ToUnixTimeMilliseconds());
            await Parallel.ForEachAsync(
                Enumerable.Range(0, Jobs / Batch),
                new ParallelOptions { MaxDegreeOfParallelism = 4 },
                async (_, _) => await (time.GetUtcNow() < runAt ? EnqueueAsync(service, queue, runAt) : Task.CompletedTask));
            if (time.GetUtcNow() < runAt)
            {
                return (queue, runAt);
            }
        }
    }

    private static async Task EnqueueAsync(ServiceProcess service, string queue, DateTimeOffset runAt)
    {
        var job = $$"""{"queue":"{{queue}}","payload":1,"runAt":"{{runAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)}}"}""";
        using var body = new StringContent($$"""{"jobs":[{{string.Join(',', Enumerable.Repeat(job, Batch))}}]}""", Encoding.UTF8, "application/json");
        using var answer = await service.Client.PostAsync(new Uri("/jobs/batch", UriKind.Relative), body);
        var told = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("problem", told, StringComparison.Ordinal);
        answer.EnsureSuccessStatusCode();
    }
}
