using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DelayQueueApi.Faults.Histories;

namespace DelayQueueApi.Faults.Clients;

/// <summary>
/// Calls the service and records each try. A service that went away in the middle leaves an unknown outcome; an answer that a
/// client cannot act upon, or none in time, fails the test.
/// </summary>
/// <param name="http">Looked up for each try, since a service that was started again listens elsewhere.</param>
internal sealed class JobClient(Func<HttpClient> http, History history)
{
    public async Task<Create> CreateAsync(NewJob job)
    {
        using var request = Request(HttpMethod.Post, "/jobs", job.Body);
        request.Headers.Add("Idempotency-Key", job.Key);
        return await RecordAsync<Create, Job>(request, (began, ended, reply, made) => new Create(began, ended, reply, job, made));
    }

    public async Task<Claim> ClaimAsync(string queue, int limit = 1, int leaseMs = 60_000, int waitMs = 0)
    {
        using var request = Request(HttpMethod.Post, "/jobs/claim", ClaimBody(queue, limit, leaseMs, waitMs));
        return await RecordAsync<Claim, ClaimAnswer>(request, (began, ended, reply, claimed) => new Claim(began, ended, reply, claimed?.Jobs ?? []));
    }

    public static string ClaimBody(string queue, int limit = 1, int leaseMs = 60_000, int waitMs = 0) =>
        $$"""{"queues":["{{queue}}"],"limit":{{limit}},"leaseMs":{{leaseMs}},"waitMs":{{waitMs}}}""";

    /// <param name="fields">Further fields of the request, as JSON.</param>
    public async Task<Settle> SettleAsync(Verb verb, ClaimedJob job, string fields = "")
    {
        using var request = Request(
            HttpMethod.Post, $"/jobs/{job.Id}/{verb.ToString().ToLowerInvariant()}",
            $$"""{"leaseToken":"{{job.Lease.Token}}"{{(fields.Length > 0 ? "," + fields : "")}}}""");
        return await RecordAsync<Settle, SettleAnswer>(
            request, (began, ended, reply, answer) => new Settle(began, ended, reply, verb, job.Id, job.Lease.Fence, answer));
    }

    /// <summary>Acks a job and makes another with it. That one has no idempotency key: nothing but the ack keeps it from being made twice.</summary>
    public async Task<Settle> ChainAsync(ClaimedJob job, NewJob then)
    {
        using var request = Request(HttpMethod.Post, $"/jobs/{job.Id}/ack", $$"""{"leaseToken":"{{job.Lease.Token}}","then":[{{then.Body}}]}""");
        return await RecordAsync<Settle, SettleAnswer>(
            request, (began, ended, reply, answer) => new Settle(began, ended, reply, Verb.Ack, job.Id, job.Lease.Fence, answer, then));
    }

    public async Task<Cancel> CancelAsync(string id)
    {
        using var request = Request(HttpMethod.Delete, $"/jobs/{id}");
        return await RecordAsync<Cancel, Job>(request, (began, ended, reply, _) => new Cancel(began, ended, reply, id));
    }

    public async Task<Look> LookAsync(string id)
    {
        using var request = Request(HttpMethod.Get, $"/jobs/{id}");
        return await RecordAsync<Look, Job>(request, (began, ended, reply, job) => new Look(began, ended, reply, id, job?.State));
    }

    public Task<Job> JobAsync(string id) => GetAsync<Job>($"/jobs/{id}");

    public Task<Queue> QueueAsync(string queue) => GetAsync<Queue>($"/queues/{queue}");

    private async Task<T> GetAsync<T>(string path)
    {
        using var answer = await http().GetAsync(new Uri(path, UriKind.Relative));
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {body}");
        return JsonSerializer.Deserialize<T>(body, JsonSerializerOptions.Web)!;
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string? body = null) => new(method, new Uri(path, UriKind.Relative))
    {
        Content = body is null ? null : new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
    };

    private async Task<TCall> RecordAsync<TCall, TAnswer>(HttpRequestMessage request, Func<long, long, Reply, TAnswer?, TCall> call)
        where TCall : Call
        where TAnswer : class
    {
        var began = history.Next();
        var (reply, body) = await TryAsync(request);
        var answer = reply.IsDone && body.Length > 0 ? JsonSerializer.Deserialize<TAnswer>(body, JsonSerializerOptions.Web) : null;
        var recorded = call(began, history.Next(), reply, answer);
        history.Add(recorded);
        return recorded;
    }

    private async Task<(Reply Reply, string Body)> TryAsync(HttpRequestMessage request)
    {
        try
        {
            using var answer = await http().SendAsync(request);
            var body = await answer.Content.ReadAsStringAsync();
            return (Understand(request, answer, body), body);
        }
        catch (HttpRequestException)
        {
            return (new Reply(0), "");
        }
    }

    private static Reply Understand(HttpRequestMessage request, HttpResponseMessage answer, string body)
    {
        if (answer.StatusCode is >= HttpStatusCode.OK and < HttpStatusCode.Ambiguous or HttpStatusCode.NotFound or HttpStatusCode.Conflict)
        {
            return new Reply((int)answer.StatusCode);
        }

        var what = $"{request.Method} {request.RequestUri}: {(int)answer.StatusCode} {body}";
        Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable, what);
        Assert.True(answer.Headers.RetryAfter is not null, what);
        var problem = JsonSerializer.Deserialize<Problem>(body, JsonSerializerOptions.Web)!;
        Assert.Equal("urn:delayqueue:problem:store-unavailable", problem.Type);
        Assert.True(problem.Applied is "no" or "unknown", what);
        return new Reply(503, problem.Applied);
    }
}
