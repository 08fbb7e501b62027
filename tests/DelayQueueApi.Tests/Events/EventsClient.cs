using System.Net.Http.Headers;
using DelayQueueApi.Events;
using DelayQueueApi.Http;
using DelayQueueApi.Tests.Hosting;
using DelayQueueApi.Tests.Security;

namespace DelayQueueApi.Tests.Events;

/// <summary>Reads GET /events as a client does: by lines, and with the last id in mind.</summary>
internal sealed class EventsClient(Api api, HttpResponseMessage answer, StreamReader lines) : IDisposable
{
    private const string Data = "data: ", Id = "id: ";

    /// <summary>What it sends to go on.</summary>
    public string LastId { get; private set; } = "";

    public HttpResponseMessage Answer => answer;

    public static async Task<EventsClient> OpenAsync(Api api, string query, string? lastId = null, TestKey? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/events?{query}", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId is null ? [] : [lastId]);
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key.Text);
        var answer = await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode}");
        var client = new EventsClient(api, answer, new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
        Assert.Equal("retry: 1000", await client.LineAsync());
        await client.LineAsync();
        return client;
    }

    /// <summary>The next so many events, once the feed has looked.</summary>
    public async Task<List<EventData>> TakeAsync(int count) =>
        [.. (await DataAsync(count)).Select(data => RawJson.Read(System.Text.Encoding.UTF8.GetBytes(data), WireJson.Default.EventData)!)];

    /// <summary>The same, as they are sent.</summary>
    public async Task<List<string>> DataAsync(int count)
    {
        await api.Service<EventFeed>().RunOnceAsync(TestContext.Current.CancellationToken);
        var events = new List<string>();
        while (events.Count < count)
        {
            var line = await LineAsync();
            Assert.NotNull(line);
            if (line.StartsWith(Data, StringComparison.Ordinal))
            {
                events.Add(line[Data.Length..]);
            }
        }

        return events;
    }

    public async Task<string[]> TypesAsync(int count) => [.. (await TakeAsync(count)).Select(change => EventTypes.NameOf(change.Type))];

    /// <returns>The next line that is not empty; null where the stream has ended.</returns>
    public async Task<string?> LineAsync()
    {
        while (true)
        {
            var line = await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
            if (line?.StartsWith(Id, StringComparison.Ordinal) == true)
            {
                LastId = line[Id.Length..];
            }

            if (line != "")
            {
                return line;
            }
        }
    }

    public void Dispose()
    {
        lines.Dispose();
        answer.Dispose();
    }
}
