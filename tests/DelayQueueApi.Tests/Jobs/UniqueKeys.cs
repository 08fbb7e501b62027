using System.Net;
using System.Text.Json.Nodes;
using DelayQueueApi.Jobs;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Jobs;

/// <summary>What the tests of unique keys share.</summary>
public abstract class UniqueKeys(Api api)
{
    private protected const string Key = "\"unique\":{\"key\":\"k\"}";
    private protected const string Reject = "\"unique\":{\"key\":\"k\",\"onConflict\":\"reject\"}";
    private protected const string Replace = "\"unique\":{\"key\":\"k\",\"onConflict\":\"replace\"}";
    private protected const string Started = "\"unique\":{\"key\":\"k\",\"until\":\"started\",\"onConflict\":\"reject\"}";

    private protected readonly Api api = api;
    private protected readonly string queue = Api.NewQueue();

    private protected Task<HttpResponseMessage> PostAsync(string fields) => api.PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":1,{{fields}}}""");

    private protected async Task<JobState> StateAsync(string id) => (await api.JobAsync(id)).State;

    private protected async Task AssertHeldAsync(string id) => await AssertConflictAsync(await PostAsync(Reject), id);

    private protected static async Task AssertConflictAsync(HttpResponseMessage answer, string holder)
    {
        await Api.AssertProblemAsync(answer, HttpStatusCode.Conflict, "unique-conflict");
        Assert.Equal(holder, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["jobId"]!.GetValue<string>());
    }
}
