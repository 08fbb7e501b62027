using Microsoft.OpenApi;

namespace DelayQueueApi.Tests.Fuzz;

/// <summary>One call of openapi.yaml, and requests to it.</summary>
internal sealed class Operation(string path, HttpMethod method, OpenApiOperation described)
{
    private const string UnknownParameter = "unknown";
    private const int GoodOnes = 24;

    private readonly IReadOnlyList<IOpenApiParameter> parameters = [.. described.Parameters ?? []];
    private readonly IOpenApiSchema? body = described.RequestBody?.Content?["application/json"].Schema;

    public string Id => described.OperationId!;

    /// <summary>Whether it is about one job.</summary>
    public bool NeedsJob => path.StartsWith("/jobs/{id}", StringComparison.Ordinal);

    /// <summary>Whether it is about one schedule.</summary>
    public bool NeedsSchedule => path.StartsWith("/schedules/{name}", StringComparison.Ordinal);

    /// <summary>A request that is good, as far as the document tells.</summary>
    public FuzzRequest Good(World world) => new(
        method, path, parameters.Where(parameter => parameter.Required || world.Random.Next(3) == 0)
            .ToDictionary(parameter => parameter.Name!, parameter => (parameter.In ?? ParameterLocation.Query, world.Text(parameter.Name!))),
        body is null ? null : world.Make("", body, everything: false));

    /// <summary>Each parameter and each field with each hostile value, one at a time; fields are also taken away, and stand there twice.</summary>
    public IEnumerable<Func<FuzzRequest>> Each(World world)
    {
        foreach (var parameter in parameters)
        {
            foreach (var value in Values.HostileText.Concat(Values.Bounds(parameter.Schema!)))
            {
                yield return () => With(Good(world), parameter.Name!, parameter.In, value);
            }
        }

        for (var i = 0; i < GoodOnes; i++)
        {
            yield return () => Good(world);
        }

        yield return () => With(Good(world), UnknownParameter, null, "1");
        if (body is null)
        {
            yield break;
        }

        for (var i = 0; i < Everything(world).All().Count(); i++)
        {
            var node = i;
            foreach (var change in Values.HostileJson.Select(value => (Action<Node>)(field => field.Become(value))).Concat(Changes))
            {
                yield return () =>
                {
                    var request = Good(world) with { Body = Everything(world) };
                    change(request.Body!.All().ElementAt(node));
                    return request;
                };
            }
        }

        foreach (var (name, value) in Fields("", body).SelectMany(field => Values.Bounds(field.Schema).Select(value => (field.Name, value))))
        {
            yield return () => Good(world) with { Body = world.Make("", body, everything: true, name, value) };
        }
    }

    /// <summary>A request with up to three things wrong with it.</summary>
    public FuzzRequest Any(World world)
    {
        var request = Good(world);
        for (var wrong = world.Random.Next(4); wrong > 0; wrong--)
        {
            if (request.Body is null || (parameters.Count > 0 && world.Random.Next(3) == 0))
            {
                var parameter = parameters.Count == 0 ? null : world.Pick(parameters);
                request.Parameters[parameter?.Name ?? UnknownParameter] = (parameter?.In ?? ParameterLocation.Query, world.Pick(Values.HostileText));
                continue;
            }

            var node = world.Pick([.. request.Body.All()]);
            if (world.Random.Next(4) == 0)
            {
                world.Pick(Changes)(node);
            }
            else
            {
                node.Become(world.Pick(Values.HostileJson));
            }
        }

        return request with { ContentType = world.Random.Next(50) == 0 ? world.Pick(["text/plain", "application/json; charset=utf-16", "application/xml", "x"]) : "application/json" };
    }

    private static FuzzRequest With(FuzzRequest request, string name, ParameterLocation? where, string value)
    {
        request.Parameters[name] = (where ?? ParameterLocation.Query, value);
        return request;
    }

    private Node Everything(World world) => world.Make("", body!, everything: true);

    private static IReadOnlyList<Action<Node>> Changes { get; } =
    [
        node => node.Fields?.Clear(),
        node => node.Fields?.RemoveRange(0, Math.Min(1, node.Fields.Count)),
        node => node.Fields?.RemoveRange(Math.Max(0, node.Fields.Count - 1), Math.Min(1, node.Fields.Count)),
        node => node.Fields?.AddRange(node.Fields.ToArray()),
        node => node.Fields?.Add(("unknown", Node.Raw("1"))),
        node => node.Fields?.Add(("", Node.Raw("1"))),
        node => node.Fields?.Add(("__proto__", Node.Object([]))),
        node => node.Items?.Clear(),
        node => node.Items?.AddRange(node.Items.ToArray()),
        node => node.Items?.AddRange(Enumerable.Repeat(Node.Raw("1"), 1_100)),
    ];

    private static IEnumerable<(string Name, IOpenApiSchema Schema)> Fields(string name, IOpenApiSchema schema) =>
        [(name, schema), .. (schema.Properties ?? new Dictionary<string, IOpenApiSchema>()).SelectMany(field => Fields(field.Key, World.Plain(field.Value)))];
}

/// <param name="Parameters">By name: where it goes, and its value.</param>
internal sealed record FuzzRequest(
    HttpMethod Method, string Path, Dictionary<string, (ParameterLocation In, string Value)> Parameters, Node? Body, string ContentType = "application/json")
{
    public HttpRequestMessage ToMessage()
    {
        var path = Path;
        var query = new List<string>();
        var request = new HttpRequestMessage { Method = Method };
        foreach (var (name, (where, value)) in Parameters)
        {
            switch (where)
            {
                case ParameterLocation.Path:
                    // The web server lets no NUL come so far (HostileRequestTests); the one in memory has no way to say so.
                    path = path.Replace($"{{{name}}}", Escaped(value).Replace("%00", "", StringComparison.Ordinal), StringComparison.Ordinal);
                    break;
                case ParameterLocation.Header:
                    request.Headers.TryAddWithoutValidation(name, value);
                    break;
                default:
                    query.Add($"{name}={Escaped(value)}");
                    break;
            }
        }

        request.RequestUri = new Uri(query.Count == 0 ? path : $"{path}?{string.Join('&', query)}", UriKind.Relative);
        if (Body is not null)
        {
            request.Content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes($"{Body}"));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
        }

        return request;
    }

    public override string ToString() =>
        $"{Method} {Path} {string.Join(' ', Parameters.Select(parameter => $"{parameter.Key}={parameter.Value.Value}"))} {Body}";

    /// <summary>What is escaped already stays as it is.</summary>
    private static string Escaped(string value) => value.Contains('%', StringComparison.Ordinal) ? value : Uri.EscapeDataString(value);
}
