using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DelayQueueApi.Tests.Contract;
using DelayQueueApi.Tests.Hosting;
using DelayQueueApi.Tests.Store;
using Microsoft.OpenApi;

namespace DelayQueueApi.Tests.Fuzz;

/// <summary>
/// Every call of openapi.yaml, with every parameter and field wrong in every way that there is here, and then at random. Whatever comes, the
/// service knows what is wrong with it. The requests are the same in every run.
/// </summary>
public abstract partial class FuzzTests(Api api)
{
    private const int AtRandom = 2_000;
    private const int AtLeast = 20_000;
    private const int Seed = 20300101;

    [Fact]
    public async Task No_request_finds_a_defect()
    {
        var operations = await OperationsAsync();
        var types = KnownTypes().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "errors.md"), TestContext.Current.CancellationToken))
            .Select(type => $"urn:delayqueue:problem:{type.Groups[1].Value}").ToHashSet();
        var world = new World(new Random(Seed));
        var done = new HashSet<string>();
        var sent = 0;

        foreach (var (operation, make) in All(operations, world))
        {
            if (operation.NeedsSchedule && sent % 4 == 0)
            {
                await api.PutAsync("/schedules/fuzz-a", "{\"intervalMs\":60000,\"job\":{\"payload\":1}}");
            }

            // One in four finds a job that is there, leased or not.
            world.Next(operation.NeedsJob && sent % 4 == 0 ? await JobAsync(leased: sent % 8 == 0) : null);
            var request = make();
            var (status, text) = await SendAsync(request);
            world.Learn(text);
            sent++;
            if (status < 300)
            {
                done.Add(operation.Id);
            }

            var type = status >= 400 ? (string?)JsonNode.Parse(text)?["type"] : null;
            Assert.True(status < 500 || type == "urn:delayqueue:problem:durability-not-achieved", $"{status} {text}\nfor {request}");
            Assert.True(status < 400 || (types.Contains(type!) && type != "urn:delayqueue:problem:other"), $"{status} {text}\nfor {request}");
        }

        Assert.InRange(sent, AtLeast, int.MaxValue);
        // Each call was also done, so that what is behind the checks of its request was reached; events are off.
        Assert.Equal("WatchEvents", string.Join(' ', operations.Select(operation => operation.Id).Where(id => !done.Contains(id))));
        Assert.True((await api.GetAsync("/health/ready")).IsSuccessStatusCode);
        await api.AssertSoundAsync();
    }

    private static IEnumerable<(Operation, Func<FuzzRequest>)> All(IReadOnlyList<Operation> operations, World world)
    {
        foreach (var operation in operations)
        {
            foreach (var request in operation.Each(world))
            {
                yield return (operation, request);
            }
        }

        for (var i = 0; i < AtRandom; i++)
        {
            var operation = world.Pick(operations);
            yield return (operation, () => operation.Any(world));
        }
    }

    private async Task<(string Id, string Token)> JobAsync(bool leased)
    {
        var queue = Api.NewQueue();
        return leased && await api.LeasedAsync(queue) is var job ? (job.Id, job.Lease.Token) : ((await api.ScheduleAsync(queue)).Id, "");
    }

    private async Task<(int Status, string Text)> SendAsync(FuzzRequest request)
    {
        using var message = request.ToMessage();
        var sending = api.Client.SendAsync(message, TestContext.Current.CancellationToken);
        while (!sending.IsCompleted && MayWait(request))
        {
            // Who waits, waits by the test's clock.
            api.Advance(100);
            await api.AskAsync();
        }

        using var answer = await sending;
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True((int)answer.StatusCode < 400 || answer.Content.Headers.ContentType?.MediaType == "application/problem+json", $"{answer.StatusCode} {text}\nfor {request}");
        return ((int)answer.StatusCode, text);
    }

    private static bool MayWait(FuzzRequest request) =>
        request.Parameters.ContainsKey("wait") || request.Parameters.ContainsKey("Prefer") || request.Body?.Fields?.Any(field => field.Name == "waitMs") == true;

    private async Task<IReadOnlyList<Operation>> OperationsAsync()
    {
        await using var text = await api.Client.GetStreamAsync(new Uri("/swagger/v1/swagger.json", UriKind.Relative), TestContext.Current.CancellationToken);
        var read = await OpenApiDocument.LoadAsync(text, "json", cancellationToken: TestContext.Current.CancellationToken);
        return [.. read.Document!.Paths.SelectMany(path => path.Value.Operations!.Select(operation => new Operation(path.Key, operation.Key, operation.Value)))];
    }

    [GeneratedRegex(@"^\| `([a-z-]+)` \| ", RegexOptions.Multiline)]
    private static partial Regex KnownTypes();

    public sealed class OnEmbedded(EmbeddedApi api) : FuzzTests(api), IClassFixture<EmbeddedApi>;

    /// <summary>As a user that may do no more than the service needs, so that a command that it lacks is found.</summary>
    public sealed class OnRedis(LeastRightsApi api) : FuzzTests(api), IClassFixture<LeastRightsApi>;

    public sealed class LeastRightsApi(RedisEngine engine) : Api(new AclEngine(engine));
}
