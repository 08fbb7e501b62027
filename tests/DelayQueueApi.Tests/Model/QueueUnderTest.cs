using System.Text.Json.Nodes;
using DelayQueueApi.Store;
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

    public string Name => queue;

    public void Advance(int ms) => api.Advance(ms);

    public Task ReapAsync() => api.ReapAsync();

    public async Task<string> ScheduleAsync(JobSpec spec) => await ShowAsync(await api.PostAsync("/jobs", Asked(spec).ToJsonString()), Show);

    public async Task<string> ClaimAsync(int claim, int limit, int? leaseMs)
    {
        var answer = await api.PostAsync("/jobs/claim", Body(
            ("queues", new JsonArray(queue)), ("limit", limit), ("leaseMs", leaseMs), ("claimId", $"{queue}-{claim}")));
        return await ShowAsync(answer, claimed => string.Join(' ', claimed["jobs"]!.AsArray().Select(job => ShowClaimed(job!))));
    }

    public Task<string> AckAsync(int lease, int? result, JobSpec[] then) => SettleAsync(
        lease, "ack", answer => string.Join(' ', answer["then"]!.AsArray().Select(id => $"j{NumberOf(id!)}")),
        ("result", result), ("then", then.Length == 0 ? null : new JsonArray([.. then.Select(spec => Asked(spec))])));

    public Task<string> NackAsync(int lease, int? delayMs, bool dead) => SettleAsync(
        lease, "nack", answer => $"{answer["state"]}{(answer["runAt"] is { } runAt ? " " + Ms(runAt) : "")}",
        ("delayMs", dead ? null : delayMs), ("dead", dead));

    public Task<string> ReleaseAsync(int lease) => SettleAsync(lease, "release", _ => "");

    public Task<string> ExtendAsync(int lease, int leaseMs) =>
        SettleAsync(lease, "extend", answer => $"{Ms(answer["expiresAt"]!)} {(bool)answer["cancelRequested"]!}", ("leaseMs", leaseMs));

    public async Task<string> CancelAsync(int job) => await ShowAsync(await api.CancelAsync(jobs[job]), _ => "");

    public async Task<string> UpdateAsync(int job, int? delayMs, int? priority, int? maxAttempts, int? ttlMs)
    {
        var text = Body(("delayMs", delayMs), ("priority", priority), ("maxAttempts", maxAttempts), ("ttlMs", ttlMs));
        using var body = Api.Content(System.Text.Encoding.UTF8.GetBytes(text), "application/json");
        return await ShowAsync(await api.Client.PatchAsync(new Uri($"/jobs/{jobs[job]}", UriKind.Relative), body), Show);
    }

    public async Task<string> GetAsync(int job) => await ShowAsync(await api.GetAsync($"/jobs/{jobs[job]}"), Show);

    public async Task<string> PutAsync(QueueSpec settings) => await ShowAsync(
        await api.PutAsync($"/queues/{queue}", Body(
            ("leaseMs", settings.LeaseMs), ("maxAttempts", settings.MaxAttempts), ("retentionMs", settings.RetentionMs), ("maxLength", settings.MaxLength),
            ("deadRetentionMs", settings.DeadRetentionMs))),
        answer => Settings(answer).ToString());

    public async Task<string> PauseAsync(bool pause) => await ShowAsync(await api.PostAsync($"/queues/{queue}/{(pause ? "pause" : "resume")}"), _ => "");

    public async Task<string> RedriveAsync(int limit) => await ShowAsync(
        await api.PostAsync($"/queues/{queue}/redrive", Body(("limit", limit))), answer => $"{answer["matched"]} {answer["redriven"]}");

    public async Task<string> PurgeAsync(string state) =>
        await ShowAsync(await api.PostAsync($"/queues/{queue}/purge", Body(("state", state))), answer => $"{answer["purged"]}");

    public async Task<string> DeleteAsync(bool force) =>
        await ShowAsync(await api.Client.DeleteAsync(new Uri($"/queues/{queue}{(force ? "?force=true" : "")}", UriKind.Relative)), _ => "");

    public async Task<string> CountsAsync() => await ShowAsync(await api.GetAsync($"/queues/{queue}"), counts =>
        string.Join(' ', ((string[])["scheduled", "ready", "leased", "dead", "completed", "expired"]).Select(state => counts[state])
            .Concat(QueueModel.Totals.Select(what => counts["totals"]![what]))) + $" {(bool)counts["paused"]!} {Settings(counts)}");

    /// <summary>Takes the queue out of the store, so that what is checked in it next is the next queue.</summary>
    public async Task LeaveAsync()
    {
        await DeleteAsync(force: true);
        await api.Service<Fsck>().RunAsync(repair: true);
    }

    /// <summary>A job as it is asked for in a request; without its time in a schedule.</summary>
    public JsonObject Asked(JobSpec spec, bool atATime = true) => Fields(
        ("queue", queue), ("payload", 1), ("delayMs", atATime ? spec.DelayMs : null), ("priority", spec.Priority), ("maxAttempts", spec.MaxAttempts), ("ttlMs", spec.TtlMs),
        ("retentionMs", spec.RetentionMs), ("backoff", new JsonObject { ["type"] = "fixed", ["delayMs"] = QueueModel.BackoffMs }),
        ("unique", spec.Unique is { } unique ? new JsonObject { ["key"] = unique.Key, ["until"] = unique.Until, ["onConflict"] = unique.OnConflict } : null));

    public static JsonObject Fields(params (string Name, JsonNode? Value)[] fields) =>
        new(fields.Where(field => field.Value is not null).Select(field => KeyValuePair.Create(field.Name, field.Value)));

    private async Task<string> SettleAsync(int lease, string call, Func<JsonNode, string> show, params (string Name, JsonNode? Value)[] fields)
    {
        var (id, token) = leases[lease];
        return await ShowAsync(await api.PostAsync($"/jobs/{id}/{call}", Body([("leaseToken", token), .. fields])), show);
    }

    private static string Body(params (string Name, JsonNode? Value)[] fields) => Fields(fields).ToJsonString();

    private static QueueSpec Settings(JsonNode answer)
    {
        var settings = answer["settings"]!;
        return new QueueSpec(
            (int?)settings["leaseMs"], (int?)settings["maxAttempts"], (int?)settings["retentionMs"], (int?)settings["maxLength"], (int?)settings["deadRetentionMs"]);
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

        return $"j{jobs.IndexOf(id)}/{job["attempt"]}+{job["lateMs"]} until {Ms(job["lease"]!["expiresAt"]!)}";
    }

    public string Show(JsonNode job)
    {
        var failures = job["failures"];
        var attempts = job["attempts"]?.AsArray() ?? [];
        return $"j{NumberOf(job["id"]!)} {job["state"]} p{job["priority"]} {Ms(job["runAt"]!)} {job["attempt"]}/{job["maxAttempts"]} "
            + $"{failures?["nacked"] ?? 0}-{failures?["expired"] ?? 0}-{failures?["released"] ?? 0} "
            + $"[{string.Join(' ', attempts.Select(attempt => $"{attempt!["attempt"]}{attempt["outcome"]}@{Ms(attempt["endedAt"]!)}"))}]"
            + ((job["diedAt"] ?? job["finishedAt"]) is { } ended ? $" ended {Ms(ended)}" : "")
            + (job["keptUntil"] is { } kept ? $" kept {Ms(kept)} {job["result"]}" : "");
    }

    /// <summary>Jobs are numbered when they are first shown, which is when they are made.</summary>
    public int NumberOf(JsonNode id)
    {
        if (!jobs.Contains((string)id!))
        {
            jobs.Add((string)id!);
        }

        return jobs.IndexOf((string)id!);
    }

    public long Ms(JsonNode instant) => (long)(DateTimeOffset.Parse((string)instant!) - epoch).TotalMilliseconds;

    public static async Task<string> ShowAsync(HttpResponseMessage answer, Func<JsonNode, string> show)
    {
        var text = await answer.Content.ReadAsStringAsync();
        var body = text.Length > 0 ? JsonNode.Parse(text)! : null;
        var shown = body is null ? "" : answer.IsSuccessStatusCode ? show(body) : ((string)body["type"]!).Split(':')[^1];
        return shown.Length == 0 && body is null ? $"{(int)answer.StatusCode}" : $"{(int)answer.StatusCode} {shown}";
    }
}
