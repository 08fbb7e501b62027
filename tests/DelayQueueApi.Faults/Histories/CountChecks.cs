namespace DelayQueueApi.Faults.Histories;

/// <summary>Whether what the service tells of its queue is what it tells of the jobs.</summary>
internal sealed class CountChecks(Evidence evidence)
{
    public IEnumerable<Violation> Violations() => [.. Sums(), .. Listed(), .. Acks()];

    /// <summary>Each look at the counts is of one instant.</summary>
    private IEnumerable<Violation> Sums() =>
        from look in evidence.Of<Count>()
        where look.Counts is not null && look.Counts.Totals.Created != look.Counts.AddedUp
        select new Violation("S11", null, look.Ended, $"the totals do not add up: {look.Counts}");

    /// <summary>In the end a job stands in the list of its state, and in no other.</summary>
    private IEnumerable<Violation> Listed()
    {
        var listings = evidence.Of<Listing>();
        if (listings.Count == 0)
        {
            yield break;
        }

        var listed = listings.SelectMany(listing => listing.Ids.Select(id => (Id: id, listing.State))).ToLookup(each => each.Id, each => each.State);
        var shown = evidence.Lives.Values.Select(life => (life.Id, life.Last?.State)).ToDictionary(each => each.Id, each => each.State);
        foreach (var id in listed.Select(each => each.Key).Union(shown.Keys))
        {
            var state = shown.GetValueOrDefault(id);
            if (!listed[id].SequenceEqual(state is null ? [] : [state]))
            {
                var lists = string.Join(" and ", listed[id].DefaultIfEmpty("nothing"));
                yield return new Violation("S10", id, listings[^1].Ended, $"is {state ?? "gone"}, and listed as {lists}");
            }
        }

        if (evidence.Of<Count>() is [.., { Counts: { } counts }])
        {
            var dead = listings.Where(listing => listing.State == "dead").Sum(listing => listing.Ids.Count);
            if (counts.Unfinished > 0 || counts.Dead != dead)
            {
                yield return new Violation("S10", null, listings[^1].Ended, $"{dead} jobs are listed as dead, and the counts are {counts}");
            }
        }
    }

    private IEnumerable<Violation> Acks()
    {
        var most = evidence.Lives.Values.Count(life => life.Settles.Any(ack => ack is { Verb: Verb.Ack, Reply.MayHaveEffect: true }));
        if (evidence.Of<Count>() is [.., { Counts: { } counts } last] && counts.Totals.Acked > most)
        {
            yield return new Violation("S13", null, last.Ended, $"{counts.Totals.Acked} acks are counted, of {most} jobs at most");
        }
    }
}
