namespace DelayQueueApi.Faults.Histories;

/// <summary>What a history shows of leases that were not as promised.</summary>
public class LeaseTests : HandMadeHistory
{
    [Fact]
    public void S3_a_lease_that_begins_within_another()
    {
        Create();
        Claim(fence: 1, at: 0);
        Claim(fence: 2, at: 999, attempt: 2);
        Look(state: "dead");

        AssertBroken("S3");
    }

    [Fact]
    public void S3_a_lease_that_begins_within_the_extension_of_another()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Extend, fence: 1, time: 2_000);
        Claim(fence: 2, at: 1_500, attempt: 2);
        Look(state: "dead");

        AssertBroken("S3");
    }

    [Fact]
    public void S3_a_lease_that_begins_before_another_is_given_back()
    {
        Create();
        Claim(fence: 1, at: 0);
        Claim(fence: 2, at: 500, attempt: 2);
        Settle(Verb.Nack, fence: 1, status: 0);
        Look(state: "dead");

        AssertBroken("S3");
    }

    [Fact]
    public void S4_a_later_lease_with_a_smaller_fence()
    {
        Create();
        Claim(fence: 2, at: 1_000, attempt: 2);
        Claim(fence: 1, at: 0);
        Look(state: "dead");

        AssertBroken("S4");
    }

    [Fact]
    public void S4_a_larger_fence_for_an_earlier_instant()
    {
        Create();
        Claim(fence: 1, at: 500);
        Settle(Verb.Release, fence: 1);
        Claim(fence: 2, at: 100);
        Look(state: "dead");

        AssertBroken("S4");
    }

    [Fact]
    public void S4_one_fence_for_two_leases()
    {
        Create();
        Claim(fence: 1, at: 0);
        Claim(fence: 1, at: 1_000, attempt: 2);
        Look(state: "dead");

        AssertBroken("S4");
    }

    [Fact]
    public void S6_an_attempt_above_the_maximum()
    {
        Create();
        Claim(fence: 1, at: 0, attempt: 21);
        Look(state: "dead");

        AssertBroken("S6");
    }

    [Fact]
    public void S6_an_attempt_that_was_not_counted()
    {
        Create();
        Claim(fence: 1, at: 0);
        Claim(fence: 2, at: 1_000);
        Look(state: "dead");

        AssertBroken("S6");
    }

    [Fact]
    public void S7_a_claim_before_the_run_at()
    {
        Create();
        Claim(fence: 1, at: -1);
        Look(state: "dead");

        AssertBroken("S7");
    }

    [Fact]
    public void S7_a_claim_before_the_run_at_of_a_nack()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Nack, fence: 1, time: 500);
        Claim(fence: 2, at: 499, attempt: 2);
        Look(state: "dead");

        AssertBroken("S7");
    }

    [Fact]
    public void S8_a_claim_after_an_ack()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Ack, fence: 1);
        Claim(fence: 2, at: 1_000, attempt: 2);
        Look(state: null);

        AssertBroken("S8");
    }

    [Fact]
    public void S8_a_claim_after_a_cancel()
    {
        Create();
        Cancel();
        Claim(fence: 1, at: 0);
        Look(state: null);

        AssertBroken("S8");
    }

    [Fact]
    public void S5_a_settling_by_an_older_lease()
    {
        Create();
        Claim(fence: 1, at: 0);
        Claim(fence: 2, at: 1_000, attempt: 2);
        Settle(Verb.Extend, fence: 1, time: 1_000);
        Look(state: "dead");

        AssertBroken("S5");
    }

    [Fact]
    public void S5_a_settling_by_a_lease_that_has_ended()
    {
        Create();
        Claim(fence: 1, at: 0);
        Wait(seconds: 1);
        Settle(Verb.Ack, fence: 1);
        Look(state: null);

        AssertBroken("S5");
    }

    [Fact]
    public void S5_a_live_lease_that_is_refused()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Ack, fence: 1, status: 409);
        Look(state: "dead");

        AssertBroken("S5");
    }

    [Fact]
    public void S6_attempts_that_nobody_had()
    {
        Create();
        Claim(fence: 1, at: 0);
        Claim(fence: 2, at: 1_000, attempt: 3);
        Look(state: "dead");

        AssertBroken("S6");
    }

    [Fact]
    public void S6_a_death_with_attempts_left()
    {
        Create();
        Look(state: "dead", attempt: 19);

        AssertBroken("S6");
    }

    [Fact]
    public void S9_a_claim_of_a_dead_job()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Nack, fence: 1, time: 500, state: "dead");
        Claim(fence: 2, at: 600, attempt: 2);
        Look(state: "dead");

        AssertBroken("S9");
    }
}
