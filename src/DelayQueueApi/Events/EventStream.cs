using System.Text;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.Features;

namespace DelayQueueApi.Events;

/// <summary>Events on their way to a client, as server-sent events. Source: the HTML standard, section 9.2.</summary>
/// <param name="reader">Who reads them.</param>
/// <param name="filter">Which are told.</param>
/// <param name="feed">To be left in the end.</param>
/// <param name="time">Measures how long it lasts.</param>
/// <param name="longest">When it ends.</param>
/// <param name="stopping">It ends then, too.</param>
internal sealed class EventStream(EventReader reader, EventFilter filter, EventFeed feed, TimeProvider time, TimeSpan longest, CancellationToken stopping) : IResult
{
    public const string ContentType = "text/event-stream";

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly byte[] Reset = """{"type":"reset"}"""u8.ToArray();

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        using var over = new CancellationTokenSource(longest, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping, over.Token);
        try
        {
            await WriteAsync(response.Body, "retry: 1000\n", ends.Token);
            while (await NextAsync(response.Body, ends.Token) is { } page)
            {
                await TellAsync(page, response.Body, ends.Token);
            }
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // Nothing is lost: the client goes on from the last id that it has.
        }
        catch (StoreException)
        {
            // Nor is it where the store is away. What was sent cannot be called back.
        }
        finally
        {
            feed.Leave(reader);
        }
    }

    /// <returns>The next page; null where there will be none.</returns>
    private async Task<EventPage?> NextAsync(Stream body, CancellationToken ends)
    {
        var next = reader.NextAsync(ends);
        while (true)
        {
            await ((Task)next).WaitAsync(Heartbeat, time, ends).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (next.IsCompleted)
            {
                return await next;
            }

            ends.ThrowIfCancellationRequested();
            await WriteAsync(body, ": nothing new\n", ends);
        }
    }

    private async Task TellAsync(EventPage page, Stream body, CancellationToken ends)
    {
        using var text = new MemoryStream();
        if (page.Lost)
        {
            Add(text, Reset);
        }

        foreach (var change in reader.Take(page))
        {
            if (filter.Takes(change))
            {
                Add(text, change.Json);
            }
        }

        if (text.Length > 0)
        {
            await body.WriteAsync(text.GetBuffer().AsMemory(0, (int)text.Length), ends);
            await body.FlushAsync(ends);
        }
    }

    private void Add(MemoryStream text, byte[] json)
    {
        text.Write(Encoding.ASCII.GetBytes($"id: {reader.Position}\ndata: "));
        text.Write(json);
        text.Write("\n\n"u8);
    }

    /// <summary>A line that is no event, and the position, so that a client whose events are rare does not fall behind what is kept.</summary>
    private async Task WriteAsync(Stream body, string line, CancellationToken ends)
    {
        await body.WriteAsync(Encoding.ASCII.GetBytes($"{line}id: {reader.Position}\n\n"), ends);
        await body.FlushAsync(ends);
    }
}
