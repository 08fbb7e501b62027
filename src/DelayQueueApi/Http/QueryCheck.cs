using Microsoft.AspNetCore.Http.HttpResults;

namespace DelayQueueApi.Http;

/// <summary>Checks query parameters as strictly as bodies are checked, and gathers what is wrong with them.</summary>
internal sealed class QueryCheck
{
    private readonly Dictionary<string, string[]> errors = [];

    /// <param name="query">The request's query.</param>
    /// <param name="known">The parameters that the call has; any other one is an error.</param>
    /// <param name="prefix">What the names of further ones begin with, each given once.</param>
    public QueryCheck(IQueryCollection query, string[] known, string? prefix = null)
    {
        foreach (var (name, values) in query.ExceptBy(known, pair => pair.Key))
        {
            if (prefix is null || !name.StartsWith(prefix, StringComparison.Ordinal))
            {
                errors[name] = ["is not a known query parameter"];
            }
            else if (values.Count > 1)
            {
                errors[name] = ["stands there twice"];
            }
        }
    }

    /// <summary>What is wrong, or null.</summary>
    public ProblemHttpResult? Problem => errors.Count > 0 ? Problems.Invalid(errors) : null;

    public QueryCheck That(bool holds, string name, string message)
    {
        if (!holds)
        {
            errors.TryAdd(name, [message]);
        }

        return this;
    }

    /// <returns>How many entries a page has at most.</returns>
    public int Limit(string? text)
    {
        var limit = Limits.DefaultPage;
        That(
            text is null || (int.TryParse(text, System.Globalization.NumberStyles.None, null, out limit) && limit is >= 1 and <= Limits.MaxPage),
            "limit", Limits.Between(1, Limits.MaxPage));
        return limit;
    }

    /// <summary>A cursor that no page has told is an error.</summary>
    /// <returns>What the cursor says, or null from the start.</returns>
    public T? Cursor<T>(string? text, Func<string, T?> parse)
        where T : class
    {
        var cursor = text is null ? null : parse(text);
        That(text is null || cursor is not null, "cursor", "is not the next of a page of this list");
        return cursor;
    }
}
