using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Histories;

public class VerdictTests : HandMadeHistory
{
    [Fact]
    public void A_history_in_which_all_goes_well_breaks_nothing()
    {
        Create(status: 0);
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Extend, fence: 1, time: 2_000);
        Settle(Verb.Release, fence: 1);
        Claim(fence: 2, at: 100);
        Settle(Verb.Nack, fence: 2, time: 200);
        Claim(fence: 3, at: 200, attempt: 2);
        Claim(fence: 4, at: 1_200, attempt: 3);
        Settle(Verb.Ack, fence: 3, status: 409);
        Settle(Verb.Ack, fence: 4, status: 0);
        Settle(Verb.Ack, fence: 4);
        Look(state: null);

        Assert.Empty(Checks.All(new Evidence(Calls)));
    }

    [Fact]
    public void Too_few_jobs_tell_nothing()
    {
        Create();
        Look(state: "dead");

        Assert.Equal(Validity.Unknown, new Verdict(Calls).Validity);
    }

    [Fact]
    public void Enough_jobs_that_came_and_went_are_valid()
    {
        for (var job = 0; job < 30; job++)
        {
            Whole($"job-{job}");
        }

        Assert.Equal(Validity.Valid, new Verdict(Calls).Validity);
    }

    [Fact]
    public void Jobs_are_counted_as_attempted_acknowledged_lost_unexpected_recovered_and_delivered_again()
    {
        Create();
        Create(id: "recovered", key: "second", status: 0);
        Create(id: "lost", key: "third");
        Claim(fence: 1, at: 0);
        Settle(Verb.Release, fence: 1);
        Claim(fence: 2, at: 100);
        Settle(Verb.Ack, fence: 2);
        Claim(fence: 3, at: 100, granted: job => job with { Id = "recovered", Payload = PayloadOf("second") });
        Claim(fence: 4, at: 100, granted: job => job with { Id = "phantom", Payload = "0" });
        Look(state: null);
        Look(state: null, id: "lost");

        var verdict = new Verdict(Calls);

        Assert.Equal(
            (2, 1, 1, 1, 1, 1),
            (verdict.Acknowledged, verdict.Acked, verdict.Lost, verdict.Unexpected, verdict.Recovered, verdict.Duplicated));
        Assert.Equal(Validity.Invalid, verdict.Validity);
    }

    [Fact]
    public void The_first_counterexample_is_told_as_a_timeline()
    {
        Create();
        Claim(fence: 7, at: 0);
        Claim(fence: 8, at: 500, attempt: 2);
        Look(state: "dead");

        var told = $"{new Verdict(Calls)}";

        Assert.Contains("S3 is broken 1 times", told, StringComparison.Ordinal);
        Assert.Contains("attempt 1, fence 7", told, StringComparison.Ordinal);
        Assert.Contains("attempt 2, fence 8", told, StringComparison.Ordinal);
        Assert.Contains("look → dead", told, StringComparison.Ordinal);
    }

    [Fact]
    public void The_time_from_a_fault_to_the_next_job_is_its_recovery()
    {
        Create();
        Fail();
        Wait(seconds: 2);
        Claim(fence: 1, at: 2_000);

        Assert.Equal(("fault", 2_000_002), Assert.Single(new Verdict(Calls).Recoveries));
    }

    [Fact]
    public void What_was_answered_shortly_before_a_kill_may_be_taken_back()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Ack, fence: 1);
        Fail();
        Look(state: "dead");

        Assert.NotEmpty(new Verdict(Calls).Violations);
        Assert.Empty(new Verdict(Doubt.Before(Calls, TimeSpan.FromSeconds(1))).Violations);
    }

    [Fact]
    public void A_file_tells_what_the_history_told_and_calls_without_an_end_are_unknown()
    {
        var file = Path.GetTempFileName();
        using (var history = new History(file))
        {
            var asked = new NewJob("key", "queue", PayloadOf("key"), DelayMs: 5);
            var done = history.Begin(1, 2, trip => new Create(trip, Reply.None, asked));
            history.End(done with { Reply = new Reply(201), Made = new Job("job", "queue", "ready", asked.Payload, Start, Start, 0, 20) });
            history.Begin(3, 0, trip => new Cancel(trip, Reply.None, "job"));
            history.Dispose();

            var read = History.Read(file);

            Assert.Equal(history.Calls, read);
            Assert.Equal([Outcome.Ok, Outcome.Unknown], read.Select(call => call.Reply.Outcome));
            Assert.Equal(3, File.ReadAllLines(file).Length);
        }

        File.Delete(file);
    }
}
