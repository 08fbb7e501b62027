using System.Text.Json;
using System.Text.Json.Serialization;

namespace DelayQueueApi.Faults.Histories;

/// <summary>
/// Every call of a run. Its file has a line of JSON for each beginning and each end, written as it happens; a call that has
/// begun and not ended is one whose outcome nobody knows.
/// </summary>
internal sealed class History(string? file = null) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        IgnoreReadOnlyProperties = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly Lock gate = new();
    private readonly long start = TimeProvider.System.GetTimestamp();
    private readonly StreamWriter? lines = file is null ? null : new StreamWriter(file) { AutoFlush = true };
    private readonly Dictionary<int, Call> calls = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> waiting = [];
    private int numbers;
    private int ended;

    public IReadOnlyList<Call> Calls
    {
        get
        {
            lock (gate)
            {
                return [.. calls.Values];
            }
        }
    }

    private long Now => (long)TimeProvider.System.GetElapsedTime(start).TotalMicroseconds;

    /// <summary>Reads the calls of a history's file.</summary>
    public static IReadOnlyList<Call> Read(string file)
    {
        var calls = new Dictionary<int, Call>();
        foreach (var line in File.ReadLines(file))
        {
            var call = JsonSerializer.Deserialize<Call>(line, Json)!;
            calls[call.Trip.Number] = call;
        }

        return [.. calls.Values];
    }

    /// <returns>The call as it is known so far.</returns>
    public T Begin<T>(int client, int instance, Func<Trip, T> call)
        where T : Call
    {
        lock (gate)
        {
            var begun = call(new Trip(++numbers, client, instance, Now));
            Write(begun);
            return begun;
        }
    }

    /// <param name="call">With its answer.</param>
    public T End<T>(T call)
        where T : Call
    {
        lock (gate)
        {
            call = call with { Trip = call.Trip with { Ended = Now } };
            Write(call);
            ended++;
            foreach (var (_, reached) in waiting.Where(wait => wait.Count == ended))
            {
                reached.SetResult();
            }

            return call;
        }
    }

    /// <summary>Completes when so many more calls have ended.</summary>
    public Task MoreAsync(int count)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            waiting.Add((ended + count, reached));
        }

        return reached.Task;
    }

    public void Dispose()
    {
        lock (gate)
        {
            lines?.Dispose();
        }
    }

    private void Write(Call call)
    {
        calls[call.Trip.Number] = call;
        lines?.WriteLine(JsonSerializer.Serialize(call, Json));
    }
}
