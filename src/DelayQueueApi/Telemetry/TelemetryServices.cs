using DelayQueueApi.Security;
using Microsoft.Extensions.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace DelayQueueApi.Telemetry;

/// <summary>Metrics at <c>/metrics</c>, and metrics, traces and logs over OTLP where the standard variables name a receiver.</summary>
internal static class TelemetryServices
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>The listener of the OpenTelemetry SDK.</summary>
    private const string Sdk = "OpenTelemetry";

    /// <summary>What is told beside the metrics of this service: meter and instrument.</summary>
    private static readonly (string Meter, string Instrument)[] FrameworkMetrics =
    [
        ("Microsoft.AspNetCore.Hosting", "http.server.request.duration"),
        ("Microsoft.AspNetCore.Server.Kestrel", "kestrel.active_connections"),
        ("System.Runtime", "dotnet.process.cpu.time"),
        ("System.Runtime", "dotnet.process.memory.working_set"),
        ("System.Runtime", "dotnet.gc.last_collection.heap.size"),
        ("System.Runtime", "dotnet.gc.pause.time"),
    ];

    public static WebApplicationBuilder AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<TelemetryOptions>().BindConfiguration("Telemetry").ValidateDataAnnotations().ValidateOnStart();
        builder.Services
            .AddSingleton<QueueLabels>()
            .AddSingleton<JobEvents>()
            .AddSingleton<JobMetrics>()
            .AddSingleton<StoreMetrics>()
            .AddSingleton<QueueTotals>()
            .AddSingleton<QueueReadings>()
            .AddSingleton<QueueMetrics>();

        var options = builder.Configuration.GetSection("Telemetry").Get<TelemetryOptions>() ?? new();
        var otlp = !string.IsNullOrEmpty(builder.Configuration[Endpoint]);
        if (!options.Prometheus && !otlp)
        {
            return builder;
        }

        builder.Services.AddMetrics(EnableMetrics);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(builder.Configuration["OTEL_SERVICE_NAME"] ?? "delayqueue"))
            .WithMetrics(metrics =>
            {
                // Each label has eleven events, and there is one label more than queues have of their own.
                metrics.AddView(instrument => new MetricStreamConfiguration { CardinalityLimit = Math.Max(2_000, (options.QueueLabels + 1) * QueueTotals.Events.Length) });
                if (options.Prometheus)
                {
                    metrics.AddPrometheusExporter(prometheus => (prometheus.ScopeInfoEnabled, prometheus.ScrapeResponseCacheDurationMilliseconds) = (false, 0));
                }
            });
        if (otlp)
        {
            telemetry
                .WithTracing(traces => traces
                    .AddSource(Spans.Source)
                    .AddAspNetCoreInstrumentation(http => http.Filter = request => !IsWatching(request.Request.Path)))
                .UseOtlpExporter();
        }

        return builder;
    }

    public static void MapMetrics(this WebApplication app)
    {
        if (app.Services.GetService<MeterProvider>() is not { } provider)
        {
            return;
        }

        app.Services.GetRequiredService<QueueMetrics>();
        if (app.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<TelemetryOptions>>().Value.Prometheus)
        {
            var readings = app.Services.GetRequiredService<QueueReadings>();
            app.MapPrometheusScrapingEndpoint("/metrics", provider, scrape => scrape.Use(async (http, next) =>
            {
                await readings.RefreshAsync();
                await next(http);
            }), optionsName: null).Needs(Scope.Operate);
        }
    }

    /// <summary>By rules and not by names of meters alone, since those would bring what other services in this process do too.</summary>
    private static void EnableMetrics(IMetricsBuilder metrics)
    {
        metrics.EnableMetrics(Instruments.Meter, null, Sdk, MeterScope.Local);
        foreach (var (meter, instrument) in FrameworkMetrics)
        {
            metrics.EnableMetrics(meter, instrument, Sdk, meter == "System.Runtime" ? MeterScope.Global : MeterScope.Local);
        }
    }

    private static bool IsWatching(PathString path) => path.StartsWithSegments("/health") || path.StartsWithSegments("/metrics");
}
