using DelayQueueApi.Dashboard;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Queues;
using DelayQueueApi.Reaping;
using DelayQueueApi.Receipts;
using DelayQueueApi.Schedules;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddHttp().AddTelemetry();
builder.Services
    .AddSingleton<TimeProvider, PreciseTime>()
    .AddStore()
    .AddJobs()
    .AddLeases()
    .AddQueues()
    .AddReaping()
    .AddSchedules()
    .AddOpenApiDocument()
    .AddReceipts();

var app = builder.Build();
app.UseHttp();
app.MapOpenApi();
app.MapJobs();
app.MapLeases();
app.MapQueues();
app.MapSchedules();
app.MapService();
app.MapDashboard();
await app.RunAsync();
