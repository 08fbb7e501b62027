using System.Net.Sockets;
using System.Text;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Http;

/// <summary>Bodies that break off or are sent in pieces, byte by byte over the wire.</summary>
public sealed class BrokenBodyTests(RealService service) : IClassFixture<RealService>
{
    [Theory]
    [InlineData("Content-Length: 9000000", "{", "413", "payload-too-large")]
    [InlineData("Transfer-Encoding: chunked", "zz\r\n{\"payload\":1}\r\n0\r\n\r\n", "400", "validation")]
    public async Task It_is_refused(string header, string body, string status, string type) =>
        await AssertAnswerAsync(header, body, status, type);

    [Fact]
    public async Task A_body_in_pieces_that_is_too_large_is_refused()
    {
        var piece = $"10000\r\n{new string(' ', 0x10000)}\r\n";

        await AssertAnswerAsync("Transfer-Encoding: chunked", string.Concat(Enumerable.Repeat(piece, 20)), "413", "payload-too-large");
    }

    [Fact]
    public async Task A_body_in_pieces_is_taken() =>
        await AssertAnswerAsync("Transfer-Encoding: chunked", "c\r\n{\"payload\":1\r\n1\r\n}\r\n0\r\n\r\n", "201", null);

    private async Task AssertAnswerAsync(string header, string body, string status, string? type)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(service.Address.Host, service.Address.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        var request = $"POST /jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n{header}\r\n\r\n{body}";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains(type is null ? "\"id\":" : $"\"type\":\"urn:delayqueue:problem:{type}\"", answer, StringComparison.Ordinal);
    }
}
