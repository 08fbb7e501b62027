// Closes unpaid orders: claims jobs, closes each order in the shop under the lease's fence, then acks.
//
// dotnet run worker.cs -- SERVICE SHOP NAME SECONDS
// Ends after so many seconds, or on SIGTERM, once the jobs at hand are done.

// Native compilation, the default of such files, would want a C compiler, and JSON without reflection.
#:property PublishAot=false
#:property TargetFramework=net10.0

using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

var (service, shop, name, seconds) = (args[0], args[1], args[2], double.Parse(args[3]));
var queue = Environment.GetEnvironmentVariable("QUEUE") ?? "unpaid-orders";
var deadline = DateTime.UtcNow.AddSeconds(seconds);

var stop = false;
using var onStop = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    // Else the runtime ends the process in the middle of a job.
    signal.Cancel = true;
    Volatile.Write(ref stop, true);
});

using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };

while (!Volatile.Read(ref stop) && DateTime.UtcNow < deadline)
{
    try
    {
        using var answer = await PostAsync($"{service}/jobs/claim", new
        {
            queues = new[] { queue }, limit = 10, leaseMs = 3000, waitMs = 2000, worker = name,
        });
        answer.EnsureSuccessStatusCode();
        var claimed = await answer.Content.ReadFromJsonAsync<Claimed>();
        await Task.WhenAll(claimed!.Jobs.Select(CloseAsync));
    }
    catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
    {
        // Jobs in hand come back when their leases end, so there is nothing to repair here.
        Console.Error.WriteLine($"{name}: {error.Message}");
        await Task.Delay(500);
    }
}

// PostAsJsonAsync would send the body in chunks, which the shop's small server does not read.
Task<HttpResponseMessage> PostAsync<T>(string address, T body) =>
    http.PostAsync(address, new StringContent(JsonSerializer.Serialize(body, JsonSerializerOptions.Web), Encoding.UTF8, "application/json"));

async Task CloseAsync(Job job)
{
    HttpStatusCode? status = null;
    string? failure;
    try
    {
        using var answer = await PostAsync($"{shop}/orders/close", new
        {
            job.Payload.OrderId, job.Lease.Fence, worker = name, job.LateMs, job.Attempt,
        });
        status = answer.StatusCode;
        failure = status == HttpStatusCode.OK ? null : $"The shop answered {(int)status}.";
    }
    catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
    {
        failure = $"The shop did not answer: {error.Message}";
    }

    // A newer lease has been to the shop: the job is another worker's now.
    if (status == HttpStatusCode.Conflict)
    {
        return;
    }

    using var settled = failure is null
        ? await PostAsync($"{service}/jobs/{job.Id}/ack", new { leaseToken = job.Lease.Token })
        : await PostAsync($"{service}/jobs/{job.Id}/nack", new { leaseToken = job.Lease.Token, error = failure });
}

// What this worker reads of a claim's answer; it skips the other fields.
internal sealed record Claimed(Job[] Jobs);

internal sealed record Job(string Id, Order Payload, Lease Lease, int Attempt, long LateMs);

internal sealed record Order(int OrderId);

internal sealed record Lease(string Token, long Fence);
