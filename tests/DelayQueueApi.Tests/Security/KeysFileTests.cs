using System.Net;
using System.Text.Json;
using DelayQueueApi.Security;
using DelayQueueApi.Tests.Hosting;

namespace DelayQueueApi.Tests.Security;

/// <summary>Keys come and go without a restart.</summary>
public sealed class KeysFileTests(KeysFileTests.WithFile api) : IClassFixture<KeysFileTests.WithFile>
{
    private readonly TestKey one = new("one", "read");
    private readonly TestKey two = new("two", "read");

    [Fact]
    public async Task A_key_that_is_taken_out_of_the_file_is_refused_and_a_new_one_is_taken()
    {
        await WriteAsync(one);
        await SeeAsync(one, HttpStatusCode.OK);
        await SeeAsync(two, HttpStatusCode.Unauthorized);

        await WriteAsync(two);

        await SeeAsync(two, HttpStatusCode.OK);
        await SeeAsync(one, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Without_any_key_left_nobody_is_let_in()
    {
        await WriteAsync(one);
        await SeeAsync(one, HttpStatusCode.OK);

        await WriteAsync();

        await SeeAsync(one, HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.Unauthorized, (await api.SendAsync(null, "GET", "/info")).StatusCode);
    }

    [Theory]
    [InlineData("{", typeof(JsonException))]
    [InlineData("null", typeof(FormatException))]
    [InlineData("[{\"Id\":\"two\"}]", typeof(FormatException))]
    [InlineData("[{\"Id\":\"two\",\"Secret\":\"x\"}]", typeof(JsonException))]
    public async Task A_file_with_a_mistake_changes_nothing(string text, Type thrown)
    {
        await WriteAsync(one);
        await SeeAsync(one, HttpStatusCode.OK);

        await File.WriteAllTextAsync(api.Path, text, TestContext.Current.CancellationToken);
        Assert.Throws(thrown, () => api.Service<KeyRing>().Read());

        await SeeAsync(one, HttpStatusCode.OK);
    }

    private Task WriteAsync(params TestKey[] keys) => File.WriteAllTextAsync(api.Path, JsonSerializer.Serialize(keys.Select(key => key.Entry)));

    /// <summary>Asks until the answer is this one: files are watched by the system, which tells of changes when it likes.</summary>
    private async Task SeeAsync(TestKey key, HttpStatusCode status)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while ((await api.SendAsync(key, "GET", "/queues")).StatusCode != status)
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The service with a file of keys.</summary>
    public sealed class WithFile(EmbeddedEngine engine) : KeyedApi(engine)
    {
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("delayqueue-keys-");

        public string Path => System.IO.Path.Combine(folder.FullName, "keys.json");

        protected override IReadOnlyDictionary<string, string> Settings
        {
            get
            {
                File.WriteAllText(Path, "[]");
                return new Dictionary<string, string> { ["Security:KeysFile"] = Path };
            }
        }
    }
}
