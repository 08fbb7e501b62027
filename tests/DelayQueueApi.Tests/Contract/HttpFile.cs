using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DelayQueueApi.Tests.Contract;

/// <summary>
/// A file of requests as Visual Studio and REST Client read it: requests after ###, variables in {{…}}, and the fields of answers to
/// requests with a name. "# expect" tells the status to answer.
/// </summary>
internal sealed partial class HttpFile(string path)
{
    private readonly Dictionary<string, string> variables = [];
    private readonly Dictionary<string, JsonNode> answers = [];

    /// <summary>Sends every request in turn; throws at the first that is answered with another status than it expects.</summary>
    /// <returns>How many were sent.</returns>
    public async Task<int> SendAsync(HttpClient client)
    {
        var sent = 0;
        foreach (var block in Requests().Split(await File.ReadAllTextAsync(path)))
        {
            foreach (Match variable in Variable().Matches(block))
            {
                variables[variable.Groups["name"].Value] = variable.Groups["name"].Value == "host"
                    ? client.BaseAddress!.OriginalString.TrimEnd('/')
                    : variable.Groups["value"].Value;
            }

            if (RequestLine().Match(block) is { Success: true } line)
            {
                await SendAsync(client, block, line);
                sent++;
            }
        }

        return sent;
    }

    private async Task SendAsync(HttpClient client, string block, Match line)
    {
        var expected = Expectation().Match(block) is { Success: true } match
            ? match.Groups["status"].Value
            : throw new FormatException($"A request of {path} does not tell what it expects:\n{block}");
        var (headers, body) = block[(line.Index + line.Length)..].TrimStart('\n').Split("\n\n", 2) is [var first, var second] ? (first, second.Trim()) : (block, "");
        using var request = new HttpRequestMessage(new HttpMethod(line.Groups["method"].Value), Fill(line.Groups["address"].Value));
        request.Content = body.Length > 0 ? new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(Fill(body))) : null;
        foreach (Match header in Header().Matches(headers))
        {
            var (name, value) = (header.Groups["name"].Value, Fill(header.Groups["value"].Value));
            _ = request.Headers.TryAddWithoutValidation(name, value) || request.Content!.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(expected == $"{(int)answer.StatusCode}", $"{path}:\n{block}\nwas answered {(int)answer.StatusCode}, not {expected}: {text}");
        if (Name().Match(block) is { Success: true } name2)
        {
            answers[name2.Groups["name"].Value] = JsonNode.Parse(text)!;
        }
    }

    private string Fill(string text) => Reference().Replace(text, reference =>
    {
        var name = reference.Groups["name"].Value;
        return reference.Groups["path"].Success
            ? reference.Groups["path"].Value.Split('.').Aggregate(answers[name], Step).GetValue<string>()
            : variables[name];
    });

    /// <param name="node">Where we are.</param>
    /// <param name="step">A field, with a number in brackets behind it where one of its items is meant.</param>
    private static JsonNode Step(JsonNode node, string step) =>
        step.Split('[', ']') is [var field, var item, _] ? node[field]![int.Parse(item)]! : node[step]!;

    [GeneratedRegex("^###.*$", RegexOptions.Multiline)]
    private static partial Regex Requests();

    [GeneratedRegex(@"^@(?<name>\w+) = (?<value>.+)$", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex("^(?<method>GET|POST|PUT|PATCH|DELETE) (?<address>.+)$", RegexOptions.Multiline)]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"^# expect (?<status>\d{3})$", RegexOptions.Multiline)]
    private static partial Regex Expectation();

    [GeneratedRegex(@"^# @name (?<name>\w+)$", RegexOptions.Multiline)]
    private static partial Regex Name();

    [GeneratedRegex(@"^(?<name>[\w-]+): (?<value>.+)$", RegexOptions.Multiline)]
    private static partial Regex Header();

    [GeneratedRegex(@"\{\{(?<name>\w+)(\.response\.body\.\$\.(?<path>[^}]+))?\}\}")]
    private static partial Regex Reference();
}
