using System.Text;
using CsCheck;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Model;

/// <summary>
/// Random sequences of calls, each answered as <see cref="QueueModel"/> says. A sequence that is not is made as short as it can be.
/// DELAYQUEUE_MODEL_SEQUENCES tells how many are tried.
/// </summary>
public abstract class ModelTests(Api api)
{
    internal static readonly int Sequences = int.Parse(Environment.GetEnvironmentVariable("DELAYQUEUE_MODEL_SEQUENCES") ?? "100");

    [Fact]
    public async Task Every_answer_is_what_the_model_says() => await Operations.All.Array[1, 120].SampleAsync(
        CheckAsync, iter: Sequences, threads: 1, print: operations => string.Join('\n', operations.AsEnumerable()));

    private async Task CheckAsync(Operation[] operations)
    {
        var (model, service) = (new QueueModel(new ModelQueue()), new QueueUnderTest(api));
        var past = new StringBuilder();
        try
        {
            foreach (var operation in operations)
            {
                var (expected, actual) = await operation.RunAsync(model, service);
                Assert.True(expected == actual, $"{past}\n{operation}\n  expected {expected}\n  actual   {actual}");
                past.Append($"\n{operation}: {actual}");
            }

            await CheckWhatIsLeftAsync(model, service);
        }
        finally
        {
            await service.LeaveAsync();
        }
    }

    private async Task CheckWhatIsLeftAsync(QueueModel model, QueueUnderTest service)
    {
        model.Reap();
        await service.ReapAsync();
        Assert.Equal(model.Counts(), await service.CountsAsync());
        for (var job = 0; job < model.Jobs; job++)
        {
            Assert.Equal(model.Get(job), await service.GetAsync(job));
        }

        await api.AssertSoundAsync();
    }

    public sealed class OnEmbedded(EmbeddedApi api) : ModelTests(api), IClassFixture<EmbeddedApi>;

    public sealed class OnRedis(RedisApi api) : ModelTests(api), IClassFixture<RedisApi>;
}
