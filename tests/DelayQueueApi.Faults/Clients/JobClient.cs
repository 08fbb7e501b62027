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
/// <param name="client">Its number in the history.</param>
/// <param name="instance">The number of the service in the history.</param>
/// <param name="durability">What is to be known of a job before its creation is answered; null for nothing.</param>
internal sealed class JobClient(Func<HttpClient> http, History history, int client = 0, int instance = 0, string? durability = null)
{
    private const int PageSize = 1_000;

    public Task<Create> CreateAsync(NewJob job)
    {
        var request = Request(HttpMethod.Post, "/jobs", job.Body);
        request.Headers.Add("Idempotency-Key", job.Key);
        if (durability is not null)
        {
            request.Headers.Add("Durability", durability);
        }

        return RecordAsync<Create, Job>(request, trip => new Create(trip, Reply.None, job, IsDurable: durability is not null), (call, made) => call with { Made = made });
    }

    /// <param name="claimId">Makes it safe to repeat.</param>
    public Task<Claim> ClaimAsync(string queue, int limit = 1, int leaseMs = 60_000, int waitMs = 0, string? claimId = null) =>
        RecordAsync<Claim, ClaimAnswer>(
            Request(HttpMethod.Post, "/jobs/claim", ClaimBody(queue, limit, leaseMs, waitMs, claimId)),
            trip => new Claim(trip, Reply.None, queue, limit, leaseMs, waitMs, claimId, []),
            (call, claimed) => call with { Grants = claimed.Jobs });

    public static string ClaimBody(string queue, int limit = 1, int leaseMs = 60_000, int waitMs = 0, string? claimId = null) =>
        $$"""{"queues":["{{queue}}"],"limit":{{limit}},"leaseMs":{{leaseMs}},"waitMs":{{waitMs}}{{(claimId is null ? "" : $",\"claimId\":\"{claimId}\"")}}}""";

    public Task<Settle> AckAsync(ClaimedJob job) => SettleAsync(Verb.Ack, job);

    /// <summary>Acks a job and makes another with it. That one has no idempotency key: nothing but the ack keeps it from being made twice.</summary>
    public Task<Settle> ChainAsync(ClaimedJob job, NewJob then) => SettleAsync(Verb.Ack, job, $",\"then\":[{then.Body}]", then: then);

    /// <param name="delayMs">Null for the job's backoff.</param>
    public Task<Settle> NackAsync(ClaimedJob job, int? delayMs = null) =>
        SettleAsync(Verb.Nack, job, delayMs is null ? "" : $",\"delayMs\":{delayMs}", delayMs);

    public Task<Settle> ReleaseAsync(ClaimedJob job) => SettleAsync(Verb.Release, job);

    public Task<Settle> ExtendAsync(ClaimedJob job, int leaseMs) => SettleAsync(Verb.Extend, job, $",\"leaseMs\":{leaseMs}", leaseMs);

    public Task<Cancel> CancelAsync(string id) =>
        RecordAsync<Cancel, Job>(Request(HttpMethod.Delete, $"/jobs/{id}"), trip => new Cancel(trip, Reply.None, id), (call, _) => call);

    public Task<Look> LookAsync(string id) =>
        RecordAsync<Look, Job>(Request(HttpMethod.Get, $"/jobs/{id}"), trip => new Look(trip, Reply.None, id), (call, found) => call with { Found = found });

    public Task<Count> CountAsync(string queue) =>
        RecordAsync<Count, Queue>(Request(HttpMethod.Get, $"/queues/{queue}"), trip => new Count(trip, Reply.None), (call, counts) => call with { Counts = counts });

    /// <summary>All jobs of a state, page by page, as one call.</summary>
    public async Task ListAsync(string queue, string state)
    {
        var call = history.Begin(client, instance, trip => new Listing(trip, Reply.None, state, []));
        var ids = new List<string>();
        for (string? next = ""; next is not null;)
        {
            var page = await GetAsync<Page>($"/jobs?queue={queue}&state={state}&limit={PageSize}{(next.Length > 0 ? $"&cursor={next}" : "")}");
            ids.AddRange(page.Jobs.Select(job => job.Id));
            next = page.Next;
        }

        history.End(call with { Reply = new Reply(200), Ids = ids });
    }

    public Task<Job> JobAsync(string id) => GetAsync<Job>($"/jobs/{id}");

    public Task<Queue> QueueAsync(string queue) => GetAsync<Queue>($"/queues/{queue}");

    private Task<Settle> SettleAsync(Verb verb, ClaimedJob job, string fields = "", int? ms = null, NewJob? then = null) =>
        RecordAsync<Settle, SettleAnswer>(
            Request(HttpMethod.Post, $"/jobs/{job.Id}/{verb.ToString().ToLowerInvariant()}", $$"""{"leaseToken":"{{job.Lease.Token}}"{{fields}}}"""),
            trip => new Settle(trip, Reply.None, verb, job.Id, job.Lease.Fence, ms, then),
            (call, answer) => call with { Answer = answer });

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

    private async Task<TCall> RecordAsync<TCall, TAnswer>(HttpRequestMessage request, Func<Trip, TCall> begin, Func<TCall, TAnswer, TCall> answered)
        where TCall : Call
        where TAnswer : class
    {
        using (request)
        {
            var call = history.Begin(client, instance, begin);
            var (reply, body) = await TryAsync(request);
            var ended = call with { Reply = reply };
            return history.End(reply.IsDone && body.Length > 0 ? answered(ended, JsonSerializer.Deserialize<TAnswer>(body, JsonSerializerOptions.Web)!) : ended);
        }
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
            return (Reply.None, "");
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
        Assert.True(problem.Type is "urn:delayqueue:problem:store-unavailable" or "urn:delayqueue:problem:durability-not-achieved", what);
        Assert.True(problem.Applied is "no" or "unknown", what);
        return new Reply(503, problem.Applied);
    }
}
