namespace DelayQueueApi.Faults.Histories;

/// <summary>What a history shows of jobs that are not those that were asked for, or not where they must be.</summary>
public class JobTests : HandMadeHistory
{
    [Fact]
    public void S1_a_job_that_is_gone_and_that_nobody_finished()
    {
        Create();
        Claim(fence: 1, at: 0);
        Wait(seconds: 2);
        Settle(Verb.Ack, fence: 1, status: 409);
        Look(state: null);

        AssertBroken("S1");
    }

    [Fact]
    public void S1_a_job_at_which_nobody_looked()
    {
        Create();

        AssertBroken("S1");
    }

    [Fact]
    public void S2_a_job_that_was_made_other_than_asked()
    {
        Create(made: job => job with { RunAt = Start.AddMilliseconds(1) });
        Look(state: "dead");

        AssertBroken("S2");
    }

    [Fact]
    public void S2_a_payload_that_came_back_in_other_bytes()
    {
        Create();
        Claim(fence: 1, at: 0, granted: job => job with { Payload = "{}" });
        Look(state: "dead");

        AssertBroken("S2");
    }

    [Fact]
    public void S2_a_run_at_that_moved_before_the_first_attempt()
    {
        Create();
        Claim(fence: 1, at: 7, granted: job => job with { RunAt = Start.AddMilliseconds(7) });
        Look(state: "dead");

        AssertBroken("S2");
    }

    [Fact]
    public void S9_an_acked_job_that_is_still_there()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Ack, fence: 1);
        Look(state: "dead");

        AssertBroken("S9");
    }

    [Fact]
    public void S12_two_jobs_of_one_key()
    {
        Create();
        Create(id: "other");
        Look(state: "dead");
        Look(state: "dead", id: "other");

        AssertBroken("S12");
    }

    [Fact]
    public void S12_a_second_job_of_a_key_that_only_workers_see()
    {
        Create(status: 0);
        Create();
        Claim(fence: 1, at: 0, granted: job => job with { Id = "other" });
        Look(state: "dead");

        AssertBroken("S12");
    }

    [Fact]
    public void S1_a_follow_up_that_is_gone()
    {
        Create();
        Claim(fence: 1, at: 0);
        Chain(fence: 1, "next");
        Look(state: null);

        AssertBroken("S1");
    }

    [Fact]
    public void S12_a_follow_up_that_is_made_by_two_leases()
    {
        Create();
        Claim(fence: 1, at: 0);
        Chain(fence: 1, "next", status: 0);
        Claim(fence: 2, at: 1_000, granted: job => job with { Id = "twin", Payload = NextPayload });
        Claim(fence: 2, at: 1_000, attempt: 2);
        Chain(fence: 2, "next");
        Look(state: null);
        Look(state: "dead", id: "next");

        AssertBroken("S12");
    }

    [Fact]
    public void S15_a_follow_up_of_an_ack_that_was_refused()
    {
        Create();
        Claim(fence: 1, at: 0);
        Wait(seconds: 2);
        Chain(fence: 1, "next", status: 409);
        Claim(fence: 1, at: 2_000, granted: job => job with { Id = "next", Payload = NextPayload });
        Look(state: "dead");

        AssertBroken("S15");
    }

    [Fact]
    public void S13_an_ack_that_the_service_forgot()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Ack, fence: 1, status: 0);
        Settle(Verb.Ack, fence: 1, status: 404);
        Look(state: null);

        AssertBroken("S13");
    }

    [Fact]
    public void S13_a_repeated_ack_that_is_refused()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Ack, fence: 1);
        Settle(Verb.Ack, fence: 1, status: 409);
        Look(state: null);

        AssertBroken("S13");
    }

    [Fact]
    public void S15_a_job_that_was_reported_as_not_made()
    {
        Create(status: 503);
        Claim(fence: 1, at: 0);

        AssertBroken("S15");
    }

    [Fact]
    public void L4_a_job_that_reaches_no_end()
    {
        Create();
        Look(state: "ready");

        AssertBroken("L4");
    }

    [Fact]
    public void S9_a_cancel_of_an_acked_job()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Ack, fence: 1);
        Cancel();
        Look(state: null);

        AssertBroken("S9");
    }

    [Fact]
    public void S14_a_job_that_an_instance_does_not_see()
    {
        Create();
        Look(state: null, instance: 1);
        Look(state: "dead");

        AssertBroken("S14");
    }
}
