using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>What the tests of requests that wait for the end of a job share.</summary>
public abstract class JobWaits(Api api)
{
    private protected readonly Api api = api;
    private protected readonly string queue = Api.NewQueue();

    private protected JobEnds Ends => api.Service<JobEnds>();

    private protected async Task<Task<HttpResponseMessage>> WaitAsync(Func<Task<HttpResponseMessage>> call)
    {
        var before = Ends.Waiting;
        var answer = call();
        await Api.UntilAsync(() => Ends.Waiting > before || answer.IsCompleted);
        return answer;
    }

    private protected Task<HttpResponseMessage> GetAsync(string id) => GetAsync(id, "wait=60");

    private protected Task<HttpResponseMessage> GetAsync(string id, params string[] prefer) => GetAsync(api.Client, id, prefer);

    private protected static Task<HttpResponseMessage> GetAsync(HttpClient client, string id, params string[] prefer) => GetAsync(client, id, CancellationToken.None, prefer);

    private protected static async Task<HttpResponseMessage> GetAsync(HttpClient client, string id, CancellationToken cancellation, params string[] prefer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/jobs/{id}");
        request.Headers.TryAddWithoutValidation("Prefer", prefer);
        return await client.SendAsync(request, cancellation);
    }
}
