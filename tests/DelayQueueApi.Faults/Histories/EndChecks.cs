namespace DelayQueueApi.Faults.Histories;

/// <summary>Whether every job is where it must be: what was promised is there or has ended, as clients were told.</summary>
internal sealed class EndChecks(Life life)
{
    public IEnumerable<Violation> Violations() => [.. Lost(), .. Unread(), .. StillThere(), .. ForgottenAcks()];

    private IEnumerable<Violation> Lost()
    {
        var last = life.Looks.LastOrDefault(look => !look.Reply.IsUnknown);
        if (life.PromisedAt < long.MaxValue && last?.Found is null && !life.MayHaveEnded(last?.Ended ?? long.MaxValue))
        {
            yield return new Violation("S1", life.Id, last?.Ended ?? life.PromisedAt, "was promised and is gone, though nobody finished it");
        }
    }

    /// <summary>A look in vain at a job that was there before and after it.</summary>
    private IEnumerable<Violation> Unread() =>
        from look in life.Looks
        where look.Reply.Status == 404 && life.PromisedAt < look.Began
            && (life.Looks.Any(later => later.Found is not null && later.Began > look.Ended) || life.Grants.Any(grant => grant.Began > look.Ended))
        select new Violation("S14", life.Id, look.Ended, $"was not found at instance {look.Trip.Instance}, though it was there");

    private IEnumerable<Violation> StillThere()
    {
        if (life.Looks is not [.., { Found: { } found } look])
        {
            yield break;
        }

        if (life.Settles.Any(ack => ack is { Verb: Verb.Ack, Reply.IsDone: true } && ack.Ended < look.Began))
        {
            yield return new Violation("S9", life.Id, look.Ended, $"was acked, and is {found.State}");
        }
        else if (found.State != "dead")
        {
            yield return new Violation("L4", life.Id, look.Ended, $"is {found.State} after all is done");
        }
    }

    private IEnumerable<Violation> ForgottenAcks()
    {
        foreach (var ack in life.Settles.Where(settle => settle.Verb == Verb.Ack && settle.Reply.Status is 404 or 409))
        {
            // A job of which nobody was told may be gone as a whole.
            if (ack.Reply.Status == 404 && !life.IsMaybeCancelled && (life.PromisedAt < long.MaxValue || life.Grants.Count > 0))
            {
                yield return new Violation("S13", life.Id, ack.Ended, $"does not know its ack by {ack.Fence}, though nobody cancelled it");
            }

            if (life.Settles.Any(other => other is { Verb: Verb.Ack, Reply.IsDone: true } && other.Fence == ack.Fence && other.Ended < ack.Began))
            {
                yield return new Violation("S13", life.Id, ack.Ended, $"answers a repeated ack by {ack.Fence} with {ack.Reply.Status}");
            }
        }
    }
}
