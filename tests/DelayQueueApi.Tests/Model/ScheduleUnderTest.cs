using System.Text.Json.Nodes;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Model;

/// <summary>A schedule of the service, called over HTTP, with its answers as <see cref="ScheduleModel"/> writes them.</summary>
/// <param name="queue">Where its jobs go; it also numbers them.</param>
internal sealed class ScheduleUnderTest(Api api, QueueUnderTest queue)
{
    private readonly string path = $"/schedules/{queue.Name}";
    private readonly DateTimeOffset epoch = api.Clock.GetUtcNow();

    public async Task<string> PutAsync(ScheduleSpec spec)
    {
        var body = QueueUnderTest.Fields(
            ("intervalMs", spec.IntervalMs), ("start", Instant(spec.Start)), ("end", Instant(spec.End)), ("misfire", spec.Misfire), ("overlap", spec.Overlap),
            ("job", queue.Asked(spec.Job, atATime: false)));
        return await ShowAsync(await api.PutAsync(path, body.ToJsonString()));
    }

    public async Task<string> PauseAsync() => await ShowAsync(await api.PostAsync($"{path}/pause"));

    public async Task<string> ResumeAsync() => await ShowAsync(await api.PostAsync($"{path}/resume"));

    public async Task<string> DeleteAsync() => await ShowAsync(await api.Client.DeleteAsync(new Uri(path, UriKind.Relative)));

    public async Task<string> TriggerAsync() => await QueueUnderTest.ShowAsync(await api.PostAsync($"{path}/trigger"), queue.Show);

    public async Task<string> GetAsync() => await ShowAsync(await api.GetAsync(path));

    private Task<string> ShowAsync(HttpResponseMessage answer) => QueueUnderTest.ShowAsync(answer, Show);

    private string Show(JsonNode schedule) =>
        $"next {Ms(schedule["nextAt"])} last {Ms(schedule["lastAt"])} j{(schedule["lastJobId"] is { } id ? queue.NumberOf(id) : null)} "
        + $"{(bool)schedule["paused"]!} {schedule["misfire"]} {schedule["overlap"]}";

    private long? Ms(JsonNode? instant) => instant is null ? null : queue.Ms(instant);

    private JsonNode? Instant(int? ms) => ms is { } at ? epoch.AddMilliseconds(at).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'") : null;
}
