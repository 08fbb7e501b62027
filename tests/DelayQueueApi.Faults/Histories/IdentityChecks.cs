using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Histories;

/// <summary>Whether jobs are those that were asked for, each once, and none of those that were refused.</summary>
internal sealed class IdentityChecks(Evidence evidence)
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    public IEnumerable<Violation> Violations() => [.. Made(), .. evidence.Lives.Values.SelectMany(Seen), .. Twins(), .. AppliedAfterAll()];

    private IEnumerable<Violation> Made()
    {
        foreach (var create in evidence.Creates.Where(create => create.Made is not null))
        {
            var (want, got) = (create.Asked, create.Made!);
            var runAt = want.DelayMs is { } delay ? got.EnqueuedAt.AddMilliseconds(delay) : want.RunAt > got.EnqueuedAt ? want.RunAt.Value : got.EnqueuedAt;
            if (IsOther(want, got) || (got.RunAt - runAt).Duration() >= Millisecond)
            {
                yield return new Violation("S2", got.Id, create.Ended, $"was made other than asked: {got} for {want}");
            }
        }
    }

    private IEnumerable<Violation> Seen(Life life)
    {
        foreach (var grant in life.Grants)
        {
            var job = grant.Job;
            if (!evidence.Asked.TryGetValue(job.Payload, out var want))
            {
                yield return new Violation("S2", life.Id, grant.Ended, $"has a payload that nobody sent: {job.Payload}");
            }
            else if (want.Queue != job.Queue || want.MaxAttempts != job.MaxAttempts || grant.Claim.Queue != job.Queue
                || (job.Attempt == 1 && life.Made is { } made && made.RunAt != job.RunAt))
            {
                yield return new Violation("S2", life.Id, grant.Ended, $"was granted other than made: {job} for {want}");
            }
        }

        foreach (var look in life.Looks)
        {
            if (look.Found is { } found && !(evidence.Asked.TryGetValue(found.Payload, out var want) && !IsOther(want, found)))
            {
                yield return new Violation("S2", life.Id, look.Ended, $"is shown other than asked: {found}");
            }
        }
    }

    private IEnumerable<Violation> Twins() =>
        from known in evidence.Lives.Values.SelectMany(KeysOf).DistinctBy(known => (known.Key, known.Id))
        group known by known.Key into ids
        where ids.Count() > 1
        let last = ids.MaxBy(known => known.At)
        select new Violation("S12", last.Id, last.At, $"is one of {ids.Count()} jobs of the key {ids.Key}: {string.Join(' ', ids.Select(known => known.Id))}");

    private static IEnumerable<(string Key, string Id, long At)> KeysOf(Create create) => [(create.Asked.Key, create.Made!.Id, create.Ended)];

    private IEnumerable<(string Key, string Id, long At)> KeysOf(Life life) =>
        life.Creates.SelectMany(KeysOf)
            .Concat(life.MadeBy is { } ack ? [(ack.Then!.Key, life.Id, ack.Ended)] : [])
            .Concat(life.Grants.Where(grant => evidence.Asked.ContainsKey(grant.Job.Payload)).Select(grant => (evidence.Asked[grant.Job.Payload].Key, life.Id, grant.Ended)));

    private IEnumerable<Violation> AppliedAfterAll()
    {
        var granted = evidence.Lives.Values.SelectMany(life => life.Grants).ToLookup(grant => grant.Job.Payload);
        return
            from job in evidence.Creates.Select(create => (create.Asked.Payload, create.Reply)).Concat(evidence.Chains.Select(ack => (ack.Then!.Payload, ack.Reply)))
                .GroupBy(call => call.Payload, call => call.Reply)
            let grant = granted[job.Key].FirstOrDefault()
            where grant is not null && !job.Any(reply => reply.MayHaveEffect)
            select new Violation("S15", grant.Job.Id, grant.Ended, "was made by a call that was refused or answered \"no\"");
    }

    private static bool IsOther(NewJob want, Job got) =>
        want.Payload != got.Payload || want.Queue != got.Queue || want.MaxAttempts != got.MaxAttempts || want.Priority != got.Priority;
}
