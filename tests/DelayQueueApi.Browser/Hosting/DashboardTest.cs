using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using DelayQueueApi.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace DelayQueueApi.Browser.Hosting;

/// <summary>A tab on the dashboard of a running service, and calls of the service beside it. Whatever the tab complains of fails the test.</summary>
public abstract class DashboardTest(Chromium chromium, RealService service) : IAsyncLifetime
{
    private static int queues;

    private readonly ConcurrentQueue<string> complaints = [];
    private readonly HttpClient client = new() { BaseAddress = service.Address };
    private IPage? page;

    protected IPage Page => page!;

    /// <summary>Part of a complaint that the test brings about itself.</summary>
    protected string? Foreseen { get; set; }

    protected ILocator Main => Page.Locator("main");

    protected ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    protected virtual BrowserNewContextOptions Options => new();

    public async ValueTask InitializeAsync()
    {
        var options = Options;
        options.BaseURL = new Uri(service.Address, "dashboard/").ToString();
        options.TimezoneId = "Europe/Berlin";
        page = await chromium.NewPageAsync(options);
        page.PageError += (_, error) => complaints.Enqueue(error);
        page.Console += (_, message) =>
        {
            // A queue that was never redriven at a rate answers 404 to the question how far it is.
            if (message.Type is "error" or "warning" && !(message.Text.Contains("404", StringComparison.Ordinal) && message.Location.Contains("/redrive:", StringComparison.Ordinal)))
            {
                complaints.Enqueue($"{message.Text} {message.Location}");
            }
        };
    }

    public async ValueTask DisposeAsync()
    {
        await Page.Context.CloseAsync();
        client.Dispose();
        // As one text: the runner cuts short what stands in a collection.
        Assert.Equal("", string.Join('\n', complaints.Where(complaint => Foreseen is null || !complaint.Contains(Foreseen, StringComparison.Ordinal))));
    }

    /// <summary>A part of the running service.</summary>
    protected T Part<T>()
        where T : notnull => service.Services.GetRequiredService<T>();

    /// <summary>The calls beside the tab are made with this key.</summary>
    protected void Use(string key) => client.DefaultRequestHeaders.Authorization = new("Bearer", key);

    /// <summary>A queue that no other test uses.</summary>
    protected static string NewQueue(string name = "q") => $"{name}{Interlocked.Increment(ref queues)}";

    /// <param name="path">What stands after #/ in the address.</param>
    protected Task OpenAsync(string path) => Page.GotoAsync($"#/{path}");

    protected ILocator Button(string name) => Main.GetByRole(AriaRole.Button, new() { Name = name });

    protected ILocator Row(string text) => Main.GetByRole(AriaRole.Row).Filter(new() { HasText = text });

    /// <summary>The value that stands beside a word.</summary>
    protected ILocator Fact(string name) => Main.Locator($"dt:text-is('{name}') + dd");

    /// <summary>Answers yes in the dialog that is open.</summary>
    protected Task ConfirmAsync() => Dialog.Locator("button[value=yes]").ClickAsync();

    protected Task SeeNoticeAsync(string text) => Assertions.Expect(Page.Locator(".notice").Filter(new() { HasText = text })).ToBeVisibleAsync();

    protected async Task<JsonNode> GetAsync(string path) => (await client.GetFromJsonAsync<JsonNode>(new Uri(path, UriKind.Relative)))!;

    protected async Task<int> StatusAsync(string path) => (int)(await client.GetAsync(new Uri(path, UriKind.Relative))).StatusCode;

    protected Task<JsonNode?> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    protected Task<JsonNode?> PutAsync(string path, string body) => SendAsync(HttpMethod.Put, path, body);

    protected Task<JsonNode?> PatchAsync(string path, string body) => SendAsync(HttpMethod.Patch, path, body);

    /// <returns>The job's id.</returns>
    protected async Task<string> ScheduleAsync(string queue, string fields = "", string payload = "1") =>
        (string)(await PostAsync("/jobs", $$"""{"queue":"{{queue}}","payload":{{payload}}{{Further(fields)}}}"""))!["id"]!;

    protected Task ScheduleManyAsync(int count, Func<int, string> fields) =>
        PostAsync("/jobs/batch", $$"""{"jobs":[{{string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"payload":{{i}},{{fields(i)}}}"""))}}]}""");

    /// <returns>The job as claimed.</returns>
    protected async Task<JsonNode> ClaimAsync(string queue, string fields = "\"worker\":\"mailer-1\"") =>
        Assert.Single((await PostAsync("/jobs/claim", $$"""{"queues":["{{queue}}"]{{Further(fields)}}}"""))!["jobs"]!.AsArray())!;

    /// <param name="call">ack, nack or release.</param>
    protected Task SettleAsync(JsonNode claimed, string call, string fields = "") =>
        PostAsync($"/jobs/{claimed["id"]}/{call}", $$"""{"leaseToken":"{{claimed["lease"]!["token"]}}"{{Further(fields)}}}""");

    /// <summary>Puts a job into a queue and lets it die at its first attempt.</summary>
    protected async Task<string> DieAsync(string queue, string? errorType = "timeout", string error = "no answer", string fields = "")
    {
        var id = await ScheduleAsync(queue, fields);
        await SettleAsync(await ClaimAsync(queue), "nack", $$"""
            "error":"{{error}}","dead":true{{(errorType is null ? "" : $",\"errorType\":\"{errorType}\"")}}
            """);
        return id;
    }

    private async Task<JsonNode?> SendAsync(HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode}: {text}");
        return text.Length > 0 ? JsonNode.Parse(text) : null;
    }

    private static string Further(string fields) => fields.Length > 0 ? $",{fields}" : "";
}
