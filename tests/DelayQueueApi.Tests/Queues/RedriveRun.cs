using System.Net;
using DelayQueueApi.Http;
using DelayQueueApi.Queues;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Queues;

/// <summary>A redrive at a rate, and the time that it takes.</summary>
internal sealed class RedriveRun(Api api, string queue)
{
    /// <param name="fields">The request's, as JSON without the braces.</param>
    public async Task StartAsync(string fields) => Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync($"/queues/{queue}/redrive", $"{{{fields}}}")).StatusCode);

    public Task<HttpResponseMessage> CancelAsync() => api.DeleteAsync($"/queues/{queue}/redrive");

    public async Task<RedriveTask> TaskAsync() => await Api.ReadAsync(await api.GetAsync($"/queues/{queue}/redrive"), WireJson.Default.RedriveTask);

    /// <summary>How many jobs it has redriven, as it and the queue's totals tell.</summary>
    public async Task<long> RedrivenAsync()
    {
        var totals = (await api.QueueAsync(queue)).Totals;
        Assert.Equal((await TaskAsync()).Redriven, totals.Redriven);
        return totals.Redriven;
    }

    public async Task PassAsync(int ms)
    {
        api.Advance(ms);
        await api.ReapAsync();
    }

    /// <summary>Lets half a minute pass, a second at a time.</summary>
    public async Task RunAsync()
    {
        for (var i = 0; i < 30; i++)
        {
            await PassAsync(1000);
        }
    }
}
