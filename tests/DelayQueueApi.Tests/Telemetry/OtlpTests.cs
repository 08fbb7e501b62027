using System.Collections.Concurrent;
using System.Text;
using DelayQueueApi.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace DelayQueueApi.Tests.Telemetry;

/// <summary>What goes out over OTLP, as a receiver gets it.</summary>
public sealed class OtlpTests(RedisEngine engine)
{
    [Fact]
    public async Task Traces_and_metrics_arrive_at_the_receiver()
    {
        var receiver = new Receiver();
        await using var server = await receiver.StartAsync();
        await using var api = new ExportingApi(engine, server.Urls.Single());
        await api.InitializeAsync();
        var queue = Api.NewQueue();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/jobs") { Content = Api.Content(Encoding.UTF8.GetBytes($$"""{"queue":"{{queue}}","payload":1}"""), "application/json") };
        request.Headers.Add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

        (await api.Client.SendAsync(request, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        await api.SettleAsync(await api.ClaimOneAsync(queue), "ack");
        Assert.True(api.Service<TracerProvider>().ForceFlush());
        Assert.True(api.Service<MeterProvider>().ForceFlush());

        Assert.True(receiver.Has("/v1/traces", Encoding.UTF8.GetBytes($"send {queue}")));
        Assert.True(receiver.Has("/v1/traces", Convert.FromHexString("4bf92f3577b34da6a3ce929d0e0e4736")));
        Assert.True(receiver.Has("/v1/metrics", Encoding.UTF8.GetBytes("delayqueue.queue.depth")));
        Assert.True(receiver.Has("/v1/metrics", Encoding.UTF8.GetBytes(queue)));
    }

    private sealed class ExportingApi(RedisEngine engine, string receiver) : Api(engine)
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
        {
            ["Telemetry:Prometheus"] = "false",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        };
    }

    private sealed class Receiver
    {
        private readonly ConcurrentQueue<(string Path, byte[] Body)> requests = new();

        public async Task<WebApplication> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            app.Run(async http =>
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body);
                requests.Enqueue((http.Request.Path, body.ToArray()));
            });
            await app.StartAsync();
            return app;
        }

        public bool Has(string path, byte[] part) => requests.Any(request => request.Path == path && request.Body.AsSpan().IndexOf(part) >= 0);
    }
}
