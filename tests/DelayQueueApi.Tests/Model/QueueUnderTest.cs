using System.Text.Json.Nodes;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Model;

/// <summary>The service, called over HTTP, with its answers as <see cref="QueueModel"/> writes them.</summary>
internal sealed class QueueUnderTest(Api api)
{
    private readonly string queue = Api.NewQueue();
    private readonly DateTimeOffset epoch = api.Clock.GetUtcNow();
    private readonly List<string> jobs = [];
    private readonly List<(string Id, string Token)> leases = [];
    private readonly Dictionary<string, long> fences = [];

    public void Advance(int ms) => api.Advance(ms);

    public Task ReapAsync() => api.ReapAsync();

    public async Task<string> ScheduleAsync(int delayMs, int priority, int maxAttempts)
    {
        var answer = await api.PostAsync("/jobs",
            $$"""{"queue":"{{queue}}","payload":1,"delayMs":{{delayMs}},"priority":{{priority}},"maxAttempts":{{maxAttempts}},"backoff":{"type":"fixed","delayMs":{{QueueModel.BackoffMs}} } }""");
        return await ShowAsync(answer, job =>
        {
            jobs.Add((string)job["id"]!);
            return Show(job);
        });
    }

    public async Task<string> ClaimAsync(int claim, int limit, int leaseMs)
    {
        var answer = await api.PostAsync("/jobs/claim", $$"""{"queues":["{{queue}}"],"limit":{{limit}},"leaseMs":{{leaseMs}},"claimId":"{{queue}}-{{claim}}"}""");
        return await ShowAsync(answer, claimed => string.Join(' ', claimed["jobs"]!.AsArray().Select(job => ShowClaimed(job!))));
    }

    public Task<string> AckAsync(int lease) => SettleAsync(lease, "ack", "", _ => "");

    public Task<string> NackAsync(int lease, int? delayMs, bool dead) => SettleAsync(
        lease, "nack", dead ? ",\"dead\":true" : delayMs is { } delay ? $",\"delayMs\":{delay}" : "",
        answer => $"{answer["state"]}{(answer["runAt"] is { } runAt ? " " + Ms(runAt) : "")}");

    public Task<string> ReleaseAsync(int lease) => SettleAsync(lease, "release", "", _ => "");

    public Task<string> ExtendAsync(int lease, int leaseMs) =>
        SettleAsync(lease, "extend", $",\"leaseMs\":{leaseMs}", answer => $"{Ms(answer["expiresAt"]!)} {(bool)answer["cancelRequested"]!}");

    public async Task<string> CancelAsync(int job) => await ShowAsync(await api.CancelAsync(jobs[job]), _ => "");

    public async Task<string> UpdateAsync(int job, int? delayMs, int? priority, int? maxAttempts)
    {
        string[] fields =
        [
            .. delayMs is { } delay ? [$"\"delayMs\":{delay}"] : Array.Empty<string>(),
            .. priority is { } level ? [$"\"priority\":{level}"] : Array.Empty<string>(),
            .. maxAttempts is { } most ? [$"\"maxAttempts\":{most}"] : Array.Empty<string>(),
        ];
        using var body = Api.Content(System.Text.Encoding.UTF8.GetBytes($"{{{string.Join(',', fields)}}}"), "application/json");
        return await ShowAsync(await api.Client.PatchAsync(new Uri($"/jobs/{jobs[job]}", UriKind.Relative), body), Show);
    }

    public async Task<string> PauseAsync(bool pause) => await ShowAsync(await api.PostAsync($"/queues/{queue}/{(pause ? "pause" : "resume")}", ""), _ => "");

    public async Task<string> RedriveAsync() => await ShowAsync(await api.PostAsync($"/queues/{queue}/redrive", "{}"), answer => $"{answer["redriven"]}");

    public async Task<string> PurgeAsync(string state) =>
        await ShowAsync(await api.PostAsync($"/queues/{queue}/purge", $$"""{"state":"{{state}}"}"""), answer => $"{answer["purged"]}");

    public async Task<string> GetAsync(int job) => await ShowAsync(await api.GetAsync($"/jobs/{jobs[job]}"), Show);

    public async Task<string> CountsAsync() => await ShowAsync(await api.GetAsync($"/queues/{queue}"), counts =>
        string.Join(' ', ((string[])["scheduled", "ready", "leased", "dead"]).Select(state => counts[state])
            .Concat(((string[])["created", "claimed", "acked", "nacked", "leasesExpired", "released", "cancelled", "expired", "died", "redriven", "purged"]).Select(what => counts["totals"]![what]))));

    private async Task<string> SettleAsync(int lease, string call, string fields, Func<JsonNode, string> show)
    {
        var (id, token) = leases[lease];
        return await ShowAsync(await api.PostAsync($"/jobs/{id}/{call}", $$"""{"leaseToken":"{{token}}"{{fields}}}"""), show);
    }

    private string ShowClaimed(JsonNode job)
    {
        var (id, token, fence) = ((string)job["id"]!, (string)job["lease"]!["token"]!, (long)job["lease"]!["fence"]!);
        if (!leases.Contains((id, token)))
        {
            leases.Add((id, token));
            Assert.True(fence > fences.GetValueOrDefault(id), $"The fence of {id} does not rise: {fence}");
            fences[id] = fence;
        }

        return $"j{jobs.IndexOf(id)}/{job["attempt"]}+{job["lateMs"]}";
    }

    private string Show(JsonNode job)
    {
        var failures = job["failures"];
        return $"j{jobs.IndexOf((string)job["id"]!)} {job["state"]} p{job["priority"]} {Ms(job["runAt"]!)} {job["attempt"]}/{job["maxAttempts"]} "
            + $"{failures?["nacked"] ?? 0}-{failures?["expired"] ?? 0}-{failures?["released"] ?? 0}";
    }

    private long Ms(JsonNode instant) => (long)(DateTimeOffset.Parse((string)instant!) - epoch).TotalMilliseconds;

    private static async Task<string> ShowAsync(HttpResponseMessage answer, Func<JsonNode, string> show)
    {
        var text = await answer.Content.ReadAsStringAsync();
        var body = text.Length > 0 ? JsonNode.Parse(text)! : null;
        var shown = body is null ? "" : answer.IsSuccessStatusCode ? show(body) : ((string)body["type"]!).Split(':')[^1];
        return shown.Length == 0 && body is null ? $"{(int)answer.StatusCode}" : $"{(int)answer.StatusCode} {shown}";
    }
}
