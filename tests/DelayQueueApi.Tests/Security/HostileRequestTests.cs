namespace DelayQueueApi.Tests.Security;

/// <summary>
/// Requests that are malformed, ambiguous or too large, byte by byte. Behind each comes a good one: the statuses tell whether both ends agree
/// where a request ends. 200 at the end means that the connection went on, and stands for that good one alone.
/// </summary>
public sealed class HostileRequestTests(HostileService service) : IClassFixture<HostileService>
{
    private const string Post = "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    private const string Hidden = "POST /queues/hidden/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    private const string Get = "GET /queues HTTP/1.1\r\nHost: localhost\r\n";

    private static readonly Dictionary<string, (string Request, string Statuses)> Cases = new()
    {
        // Where does the body end?
        ["length and chunks, length first"] = ($"{Post}Content-Length: {Hidden.Length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}", "400"),
        ["length and chunks, chunks first"] = ($"{Post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{Hidden}", "400"),
        ["two lengths"] = ($"{Post}Content-Length: 13\r\nContent-Length: 0\r\n\r\n{{\"payload\":1}}", "400"),
        ["two lengths in one"] = ($"{Post}Content-Length: 13, 13\r\n\r\n{{\"payload\":1}}", "400"),
        // The web server takes it for what it says, and tells nobody that there was a sign.
        ["a length with a sign"] = ($"{Post}Content-Length: +13\r\n\r\n{{\"payload\":1}}", "201 200"),
        ["a negative length"] = ($"{Post}Content-Length: -1\r\n\r\n", "400"),
        ["a length in hexadecimal digits"] = ($"{Post}Content-Length: 0x0d\r\n\r\n{{\"payload\":1}}", "400"),
        ["a length beyond 64 bits"] = ($"{Post}Content-Length: 99999999999999999999\r\n\r\n", "400"),
        ["chunks, but not last"] = ($"{Post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{Hidden}", "400"),
        ["chunks by another name"] = ($"{Post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{Hidden}", "400"),
        ["chunks with a space before the colon"] = ($"{Post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{Hidden}", "400"),
        ["chunks in a folded header"] = ($"{Post}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n{Hidden}", "400"),
        ["chunks twice"] = ($"{Post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}", "400"),
        ["a chunk without a size"] = ($"{Post}Transfer-Encoding: chunked\r\n\r\n\r\n{{\"payload\":1}}\r\n0\r\n\r\n", "400"),
        ["a chunk with a negative size"] = ($"{Post}Transfer-Encoding: chunked\r\n\r\n-1\r\n{{\"payload\":1}}\r\n0\r\n\r\n", "400"),
        ["a chunk with a size beyond 64 bits"] = ($"{Post}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffd\r\n{{\"payload\":1}}\r\n0\r\n\r\n", "400"),
        ["a chunk larger than its size"] = ($"{Post}Transfer-Encoding: chunked\r\n\r\n5\r\n{{\"payload\":1}}\r\n0\r\n\r\n", "400"),
        ["a body compressed"] = ($"{Post}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00", "400 200"),

        // What is a header?
        ["a folded header"] = ($"{Get}X-A: 1\r\n 2\r\n\r\n", "400"),
        ["a header without a colon"] = ($"{Get}nonsense\r\n\r\n", "400"),
        ["a header without a name"] = ($"{Get}: 1\r\n\r\n", "400"),
        ["a NUL in a header"] = ($"{Get}X-A: a\0b\r\n\r\n", "400"),
        ["a bare CR in a header"] = ($"{Get}X-A: a\rX-B: b\r\n\r\n", "400"),
        ["no host"] = ("GET /queues HTTP/1.1\r\n\r\n", "400"),
        ["two hosts"] = ($"{Get}Host: other\r\n\r\n", "400"),
        ["a host with a path"] = ("GET /queues HTTP/1.1\r\nHost: localhost/../x\r\n\r\n", "400"),
        ["101 headers"] = ($"{Get}{string.Concat(Enumerable.Range(0, 100).Select(i => $"X-{i}: 1\r\n"))}\r\n", "431"),
        ["headers of 40 KiB"] = ($"{Get}X-A: {new string('a', 40_960)}\r\n\r\n", "431"),
        ["a key of 30 KiB"] = ($"{Get}Authorization: Bearer dq_{new string('a', 30_000)}\r\n\r\n", "200 200"),
        ["a key that is not text"] = ($"{Get}X-Api-Key: \xff\xfe\r\n\r\n", "400"),

        // What is asked for?
        ["an address of 10,000 bytes"] = ($"GET /{new string('a', 10_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n", "414"),
        ["a query of 8,000 bytes"] = ($"GET /jobs?queue={new string('a', 8_000)}&state=ready HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 200"),
        ["5,000 query parameters"] = ($"GET /jobs?{string.Concat(Enumerable.Repeat("a&", 3_900))} HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 200"),
        ["another protocol's version"] = ("GET /queues HTTP/9.9\r\nHost: localhost\r\n\r\n", "505"),
        ["HTTP/0.9"] = ("GET /queues\r\n\r\n", "400"),
        ["HTTP/2 without its agreement"] = ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
        ["TLS to a port without it"] = ("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", "400"),
        ["a method that is not known"] = ("BREW /queues HTTP/1.1\r\nHost: localhost\r\n\r\n", "405 200"),
        ["a method that is no word"] = ("GE\x01T /queues HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"),
        ["TRACE"] = ($"TRACE /queues HTTP/1.1\r\nHost: localhost\r\nX-Secret: 1\r\n\r\n", "405 200"),
        ["CONNECT"] = ("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", "405 200"),
        ["another host in the address"] = ("GET http://evil.example/queues HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"),
        ["a method in a header"] = ($"{Get}X-HTTP-Method-Override: DELETE\r\n\r\n", "200 200"),
        ["another address in a header"] = ($"{Get}X-Original-URL: /admin/fsck\r\nX-Rewrite-URL: /admin/fsck\r\n\r\n", "200 200"),
        ["an upgrade"] = ($"{Get}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n", "200 200"),
        ["out of the root"] = ("GET /../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 200"),
        ["out of the root, escaped"] = ("GET /dashboard/%2e%2e%2f%2e%2e%2fappsettings.json HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 200"),
        ["out of the root, escaped twice"] = ("GET /dashboard/%252e%252e%252fappsettings.json HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 200"),
        ["out of the root, with the other slash"] = ("GET /dashboard/..%5c..%5cappsettings.json HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 200"),
        ["a NUL in the address"] = ("GET /queues/a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"),
        ["an end of line in the address"] = ("POST /queues/a%0d%0aX-Injected:%201/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", "400 200"),
        ["no UTF-8 in the address"] = ("GET /queues/%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 200"),
        ["a slash in too many bytes"] = ("GET /queues/%c0%af HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 200"),
        ["half a character in the address"] = ("GET /queues/%ed%a0%80 HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 200"),
        ["bytes in the address"] = ("GET /queues/\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"),
        ["half an escape in the address"] = ("GET /queues/%4 HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 200"),
        ["1,000 requests at once"] = (string.Concat(Enumerable.Repeat($"{Get}\r\n", 1_000)), string.Concat(Enumerable.Repeat("200 ", 1_000)) + "200"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_is_refused_or_means_one_thing(string name)
    {
        var (request, statuses) = Cases[name];

        var answers = await service.SendAsync(request);

        Assert.Equal(statuses, HostileService.Statuses(answers));
        Assert.DoesNotContain("\nX-Injected", answers, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", answers, StringComparison.Ordinal);
        await service.AssertWellAsync();
    }

    [Fact]
    public async Task Nothing_that_was_hidden_in_a_request_was_done()
    {
        foreach (var (request, _) in Cases.Values.Where(hostile => hostile.Request.Contains("hidden", StringComparison.Ordinal)))
        {
            await service.SendAsync(request);
        }

        var hidden = await service.SendAsync("GET /queues/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n");

        Assert.Equal("404 200", HostileService.Statuses(hidden));
    }
}
