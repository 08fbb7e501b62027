using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DelayQueueApi.Faults.Processes;

namespace DelayQueueApi.Faults;

/// <summary>TLS and HTTP/2 by configuration alone, as docs/security.md shows it.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("delayqueue-tls-").FullName;

    [Fact]
    public async Task It_serves_HTTP_2_over_TLS_with_a_certificate_of_files()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        await File.WriteAllTextAsync(Path.Combine(folder, "tls.crt"), certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "tls.key"), key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        await using var service = ServiceProcess.OnEmbedded()
            .With("Kestrel__Endpoints__Https__Url", "https://127.0.0.1:0")
            .With("Kestrel__Endpoints__Https__Certificate__Path", Path.Combine(folder, "tls.crt"))
            .With("Kestrel__Endpoints__Https__Certificate__KeyPath", Path.Combine(folder, "tls.key"));
        await service.StartAsync();

        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == certificate.GetCertHashString() },
        });
        using var ask = new HttpRequestMessage(HttpMethod.Get, new Uri(service.Client.BaseAddress!, "/queues"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await client.SendAsync(ask, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20), (answer.StatusCode, answer.Version));
        Assert.Equal("https", service.Client.BaseAddress!.Scheme);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
