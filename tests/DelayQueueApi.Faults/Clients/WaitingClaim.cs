using System.Net;
using System.Net.Http.Headers;
using System.Text;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults.Clients;

/// <summary>Claims of which is known that the service works on them: it has asked for their bodies.</summary>
internal static class WaitingClaim
{
    public static async Task<Task<HttpResponseMessage>> BeginAsync(HttpClient http, string queue)
    {
        var body = new SignalledBody(JobClient.ClaimBody(queue, waitMs: 60_000));
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/jobs/claim", UriKind.Relative)) { Content = body };
        request.Headers.ExpectContinue = true;
        var answer = http.SendAsync(request);
        await body.Asked.WaitAsync(ChildProcess.Patience);
        return answer;
    }

    private sealed class SignalledBody : HttpContent
    {
        private readonly byte[] json;
        private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SignalledBody(string json)
        {
            this.json = Encoding.UTF8.GetBytes(json);
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        /// <summary>Completes when the body is sent, which is once the service wants it.</summary>
        public Task Asked => asked.Task;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(json);
            asked.TrySetResult();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = json.Length;
            return true;
        }
    }
}
