using System.Buffers;
using DelayQueueApi.Http;
using DelayQueueApi.Telemetry;

// The benchmark's yardstick: what this host answers at most where it only reads a body and sends it back.
// Settings, logging, Kestrel and middleware are the service's own, so that the two differ in the work alone.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddHttp().AddTelemetry();

var app = builder.Build();
app.UseHttp();
app.MapPost("/echo", async http =>
{
    var read = await http.Request.BodyReader.ReadAtLeastAsync((int)(http.Request.ContentLength ?? 0), http.RequestAborted);
    var body = read.Buffer.ToArray();
    http.Request.BodyReader.AdvanceTo(read.Buffer.End);

    http.Response.StatusCode = StatusCodes.Status201Created;
    http.Response.ContentType = "application/json; charset=utf-8";
    http.Response.ContentLength = body.Length;
    await http.Response.BodyWriter.WriteAsync(body, http.RequestAborted);
});
await app.RunAsync();
