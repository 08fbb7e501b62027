using DelayQueueApi.Admin;
using DelayQueueApi.Dashboard;
using DelayQueueApi.Events;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Queues;
using DelayQueueApi.Reaping;
using DelayQueueApi.Receipts;
using DelayQueueApi.Schedules;
using DelayQueueApi.Security;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;

if (args is ["keys", "new", .. var key])
{
    return NewKey.Run(key, Console.Out, Console.Error);
}

if (FsckCommand.IsMeant(args))
{
    return await FsckCommand.RunAsync(args);
}

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddHttp().AddTelemetry();
builder.Services
    .AddSingleton<TimeProvider, PreciseTime>()
    .AddSecurity()
    .AddStore()
    .AddJobs()
    .AddLeases()
    .AddQueues()
    .AddReaping()
    .AddSchedules()
    .AddEvents()
    .AddOpenApiDocument()
    .AddReceipts();

var app = builder.Build();
app.UseHttp();
app.UseSecurity();
app.MapJobs();
app.MapLeases();
app.MapQueues();
app.MapSchedules();
app.MapEvents();
app.MapService();
app.MapAdmin();
app.MapMetrics();
if (app.HasPages())
{
    app.MapOpenApi();
    app.MapDashboard();
}

if (await app.MayServeAsync())
{
    await app.RunAsync();
}

return Environment.ExitCode;
