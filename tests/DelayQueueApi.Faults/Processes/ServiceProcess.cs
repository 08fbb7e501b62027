using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Processes;

/// <summary>The service as it is run in production: a process of its own, which can be started again and again on one store.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";

    /// <summary>The service under test: this build, unless a mutant of it is named.</summary>
    private static readonly string Program =
        Environment.GetEnvironmentVariable("DELAYQUEUE_SERVICE") ?? Path.Combine(AppContext.BaseDirectory, "DelayQueueApi.dll");

    /// <summary>Where the store is not taken away, a slow machine must not look as if it were.</summary>
    private const int PatientMs = 30_000;

    private readonly string home = Directory.CreateTempSubdirectory("delayqueue-faults-").FullName;
    private readonly Dictionary<string, string> settings;
    private readonly List<HttpClient> former = [];
    private ChildProcess? process;
    private HttpClient? client;

    private ServiceProcess(Dictionary<string, string> settings) => this.settings = settings;

    /// <summary>Talks to the process that was started last.</summary>
    public HttpClient Client => client ?? throw new InvalidOperationException("The service was never ready.");

    /// <summary>What the process that was started last has said.</summary>
    public string Output => process?.Output ?? "";

    public static ServiceProcess OnEmbedded()
    {
        var service = new ServiceProcess(new() { ["Store__TimeoutMs"] = $"{PatientMs}" });
        service.settings["Store__DataDirectory"] = Path.Combine(service.home, "data");
        return service;
    }

    /// <summary>On the data directory of another one.</summary>
    public static ServiceProcess OnEmbeddedOf(ServiceProcess owner, int storeTimeoutMs = PatientMs) =>
        new(new() { ["Store__DataDirectory"] = owner.settings["Store__DataDirectory"], ["Store__TimeoutMs"] = $"{storeTimeoutMs}" });

    public static ServiceProcess OnRedis(RedisProcess redis, int storeTimeoutMs = PatientMs) => OnRedis(redis.Address, storeTimeoutMs);

    public static ServiceProcess OnRedis(string address, int storeTimeoutMs = PatientMs) =>
        new(new() { ["ConnectionStrings__Redis"] = address, ["Store__TimeoutMs"] = $"{storeTimeoutMs}" });

    /// <summary>Has something said to it by an environment variable.</summary>
    public ServiceProcess With(string name, string value)
    {
        settings[name] = value;
        return this;
    }

    public ServiceProcess With(FakeClock clock) => clock.Environment.Aggregate(this, (service, variable) => service.With(variable.Key, variable.Value));

    /// <summary>Starts the process and waits until it takes requests.</summary>
    public async Task StartAsync()
    {
        await LaunchAsync();
        await ListensAsync();
    }

    /// <summary>Starts the process where it is to give up.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StartInVainAsync()
    {
        await LaunchAsync();
        return await process!.ExitedAsync();
    }

    /// <summary>Runs the program as a command beside, with the settings of the service.</summary>
    public async Task<(int ExitCode, string Output)> CommandAsync(params string[] arguments)
    {
        await using var command = new ChildProcess(StartInfo(arguments), Listening);
        return (await command.ExitedAsync(), command.Output);
    }

    /// <summary>POST /admin/fsck</summary>
    public async Task<FsckAnswer> FsckAsync(bool repair = false)
    {
        using var answer = await Client.PostAsJsonAsync(new Uri("/admin/fsck", UriKind.Relative), new { repair });
        return (await answer.Content.ReadFromJsonAsync<FsckAnswer>())!;
    }

    /// <summary>GET /info</summary>
    public async Task<Info> InfoAsync() => (await Client.GetFromJsonAsync<Info>(new Uri("/info", UriKind.Relative)))!;

    /// <summary>GET /health/ready, where it is ready.</summary>
    public async Task<Ready> ReadyAnswerAsync() => (await Client.GetFromJsonAsync<Ready>(new Uri("/health/ready", UriKind.Relative)))!;

    public async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var answer = await Client.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }

    /// <summary>Starts the process and does not wait for it.</summary>
    public Task BeginStartAsync() => LaunchAsync();

    /// <summary>Waits until the process that was started takes requests.</summary>
    public async Task ListensAsync()
    {
        var line = await process!.ReadyAsync();
        if (client is not null)
        {
            // Somebody may be about to use it: they are to find nobody there, and not a thing that is disposed.
            former.Add(client);
        }

        client = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = Timeout.InfiniteTimeSpan })
        {
            BaseAddress = new Uri(line[(line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..]),
        };
    }

    public void Kill() => process!.Kill();

    /// <summary>Waits until the process has ended by itself.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> EndedAsync() => process!.ExitedAsync();

    /// <summary>Waits until its health check finds the store.</summary>
    public Task ReadyAsync() => Poll.UntilAsync(async () =>
    {
        using var answer = await Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return answer.IsSuccessStatusCode;
    });

    /// <summary>Asks the process to end, as a container runtime does.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        await AskToStopAsync();
        return await process!.ExitedAsync();
    }

    /// <summary>Asks the process to end, and does not wait for it.</summary>
    public Task AskToStopAsync() => process!.SignalAsync("TERM");

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        former.ForEach(each => each.Dispose());
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        Directory.Delete(home, recursive: true);
    }

    private async Task LaunchAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        process = new ChildProcess(StartInfo("--urls", "http://127.0.0.1:0"), Listening);
    }

    private ProcessStartInfo StartInfo(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments]) { WorkingDirectory = home };
        foreach (var inherited in start.Environment.Keys.Where(IsSetting).ToArray())
        {
            start.Environment.Remove(inherited);
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    /// <summary>Whether a variable of the developer's shell would change the service under test.</summary>
    private static bool IsSetting(string name) => name.Contains("__", StringComparison.Ordinal)
        || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal) || name.StartsWith("OTEL_", StringComparison.Ordinal);
}
