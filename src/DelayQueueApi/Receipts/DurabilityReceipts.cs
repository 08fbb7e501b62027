using DelayQueueApi.Http;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Primitives;

namespace DelayQueueApi.Receipts;

/// <summary>
/// Answers a write only once it is as durable as its header asks for. What the store can never give, or surely cannot give now, is refused
/// before anything is written.
/// </summary>
internal sealed class DurabilityReceipts(ReceiptStore store)
{
    /// <param name="http">The request.</param>
    /// <param name="header">Its header Durability.</param>
    /// <param name="write">Does what the request asks for.</param>
    public async Task<IResult> GiveAsync(HttpContext http, StringValues header, Func<Task<IResult>> write)
    {
        if (AskedDurability.Parse(header) is not { } asked)
        {
            return Problems.Invalid(AskedDurability.Header, AskedDurability.Rule);
        }

        var before = await LookAsync();
        if (Refusal(asked, before) is { } refusal)
        {
            return refusal;
        }

        var answer = await write();
        if (IsProblem(answer))
        {
            return answer;
        }

        var known = await StoreException.AfterEffectAsync(() => ConfirmAsync(asked, before));
        if (known.Replicas < asked.Replicas || (asked.Fsync && !known.Fsync))
        {
            http.Response.Clear();
            return Problems.DurabilityNotAchieved(Applied.Unknown, $"{known.Replicas} replicas have it in time{(asked.Fsync && !known.Fsync ? ", and no disk" : "")}.");
        }

        http.Response.Headers[AskedDurability.Header] = (asked with { Replicas = known.Replicas }).ToString();
        return answer;
    }

    /// <summary>Nothing is written yet, whatever goes wrong.</summary>
    private async Task<Facts> LookAsync()
    {
        try
        {
            return await store.LookAsync();
        }
        catch (StoreException failure)
        {
            throw new StoreException(Applied.No, failure.Message, failure);
        }
    }

    private static ProblemHttpResult? Refusal(AskedDurability asked, Facts facts) => asked switch
    {
        { Replicas: > 0 } when facts.Kind == "embedded" => Problems.DurabilityUnsupported("The embedded store has no replicas."),
        { Fsync: true } when !facts.AnswersFromDisk && !facts.CanTellOfDisk =>
            Problems.DurabilityUnsupported("The store tells of its disk with appendfsync always, or with an append-only file from Redis 7.2 on."),
        _ when asked.Replicas > facts.Replicas =>
            Problems.DurabilityNotAchieved(Applied.No, $"{facts.Replicas} replicas follow the primary now. Nothing was written."),
        _ => null,
    };

    private async Task<AskedDurability> ConfirmAsync(AskedDurability asked, Facts before)
    {
        if (before.Kind == "embedded")
        {
            return asked;
        }

        var known = await store.WaitAsync(asked with { Fsync = asked.Fsync && !before.AnswersFromDisk });
        // What another server tells, or this one after a restart, says nothing of what was written before.
        return known.History == before.History
            ? new AskedDurability(known.Replicas, known.IsOnDisk || before.AnswersFromDisk)
            : new AskedDurability(0, Fsync: false);
    }

    private static bool IsProblem(IResult answer) => (answer is INestedHttpResult nested ? nested.Result : answer) is ProblemHttpResult;
}
