using System.Globalization;

namespace DelayQueueApi.Http;

/// <summary>A whole number in a query. It is bound as text, so that one out of range is answered like a field of a body.</summary>
internal static class QueryNumber
{
    /// <returns>The number, the usual one where none is given, or null where the text is not a number within the bounds.</returns>
    public static int? Read(string? text, int least, int most, int usual) =>
        text is null ? usual
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : null;
}
