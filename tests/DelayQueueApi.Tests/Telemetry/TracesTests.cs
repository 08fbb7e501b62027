using System.Collections.Concurrent;
using System.Diagnostics;
using DelayQueueApi.Leases;
using DelayQueueApi.Telemetry;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Telemetry;

public sealed class TracesTests : IClassFixture<RedisApi>, IDisposable
{
    private readonly RedisApi api;
    private readonly string queue = Api.NewQueue();
    private readonly ConcurrentQueue<Activity> ended = new();
    private readonly ActivityListener listener;
    private readonly ActivityContext producer = Context(ActivityTraceFlags.Recorded);

    public TracesTests(RedisApi api)
    {
        this.api = api;
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is Spans.Source or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
                ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.PropagationData,
            ActivityStopped = span =>
            {
                if (span.Source.Name == Spans.Source)
                {
                    ended.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    public void Dispose() => listener.Dispose();

    [Fact]
    public async Task A_send_is_in_the_trace_of_its_producer_with_its_script()
    {
        await PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1}""", producer);

        var send = One($"send {queue}");
        var script = One("EVALSHA ScheduleJob");
        Assert.Equal((producer.TraceId, ActivityKind.Producer, "send"), (send.TraceId, send.Kind, send.GetTagItem("messaging.operation.type")));
        Assert.Equal((send.TraceId, send.SpanId), (script.TraceId, script.ParentSpanId));
    }

    [Fact]
    public async Task A_receive_is_in_the_trace_of_its_worker_and_linked_to_the_producer_of_each_job()
    {
        var (worker, another) = (Context(ActivityTraceFlags.Recorded), Context(ActivityTraceFlags.Recorded));
        await PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1}""", producer);
        await PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1}""", another);
        await PostAsync("/jobs/claim", $$"""{"queues":["{{queue}}"],"limit":2}""", worker);

        var receive = One($"receive {queue}");
        Assert.Equal((worker.TraceId, 2), (receive.TraceId, receive.GetTagItem("messaging.batch.message_count")));
        Assert.Equal([producer.SpanId, another.SpanId], receive.Links.Select(link => link.Context.SpanId));
    }

    [Theory]
    [InlineData("ack")]
    [InlineData("nack")]
    [InlineData("release")]
    public async Task What_settles_a_job_is_in_the_trace_of_its_worker_and_linked_to_the_producer(string call)
    {
        var worker = Context(ActivityTraceFlags.Recorded);
        await PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1}""", producer);
        var job = await api.ClaimOneAsync(queue);

        await PostAsync($"/jobs/{job.Id}/{call}", Token(job), worker);

        var settle = One($"{call} {queue}");
        Assert.Equal((worker.TraceId, job.Id, "settle"), (settle.TraceId, settle.GetTagItem("messaging.message.id"), settle.GetTagItem("messaging.operation.type")));
        Assert.Equal(producer.SpanId, Assert.Single(settle.Links).Context.SpanId);
    }

    [Fact]
    public async Task From_the_producer_over_the_worker_to_the_ack_it_is_one_trace_where_the_worker_goes_on_with_it()
    {
        await PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1}""", producer);
        var job = await api.ClaimOneAsync(queue);
        Assert.True(ActivityContext.TryParse(job.Traceparent, null, out var given));

        await PostAsync($"/jobs/{job.Id}/ack", Token(job), given);

        Assert.Equal((producer.TraceId, producer.TraceId), (One($"send {queue}").TraceId, One($"ack {queue}").TraceId));
    }

    [Fact]
    public async Task A_request_that_is_not_sampled_has_no_spans()
    {
        await PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1}""", Context(ActivityTraceFlags.None));

        Assert.DoesNotContain(ended, span => span.DisplayName == $"send {queue}");
    }

    private Activity One(string name)
    {
        // A span of a script has no queue; others may trace at the same time.
        var traces = ended.Where(span => span.DisplayName.EndsWith(queue, StringComparison.Ordinal)).Select(span => span.TraceId).ToHashSet();
        return Assert.Single(ended, span => span.DisplayName == name && traces.Contains(span.TraceId));
    }

    private async Task PostAsync(string path, string body, ActivityContext parent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Api.Content(System.Text.Encoding.UTF8.GetBytes(body), "application/json") };
        request.Headers.Add("traceparent", $"00-{parent.TraceId}-{parent.SpanId}-{(int)parent.TraceFlags:x2}");
        (await api.Client.SendAsync(request)).EnsureSuccessStatusCode();
    }

    private static string Token(ClaimJobs.ClaimedJob job) => $$"""{"leaseToken":"{{job.Lease.Token}}"}""";

    private static ActivityContext Context(ActivityTraceFlags flags) =>
        new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags, isRemote: true);
}
