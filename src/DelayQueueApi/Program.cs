using DelayQueueApi.Admin;
using DelayQueueApi.Dashboard;
using DelayQueueApi.Http;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Queues;
using DelayQueueApi.Reaping;
using DelayQueueApi.Schedules;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;

if (FsckCommand.IsMeant(args))
{
    Environment.ExitCode = await FsckCommand.RunAsync(args);
    return;
}

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
    .AddOpenApiDocument();

var app = builder.Build();
app.UseHttp();
app.MapOpenApi();
app.MapJobs();
app.MapLeases();
app.MapQueues();
app.MapSchedules();
app.MapService();
app.MapDashboard();
app.MapAdmin();
if (await app.MayServeAsync())
{
    await app.RunAsync();
}
