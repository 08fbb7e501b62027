namespace DelayQueueApi.Faults.Histories;

/// <summary>What a history shows of counts that do not add up, and of jobs that do not come.</summary>
public class FlowTests : HandMadeHistory
{
    [Fact]
    public void S10_a_job_that_is_in_no_list()
    {
        Create();
        Look(state: "dead");
        List("dead");

        AssertBroken("S10");
    }

    [Fact]
    public void S10_a_job_that_is_in_two_lists()
    {
        Create();
        Look(state: "dead");
        List("ready", "job");
        List("dead", "job");

        AssertBroken("S10");
    }

    [Fact]
    public void S10_a_job_that_is_listed_and_not_there()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Ack, fence: 1);
        Look(state: null);
        List("leased", "job");

        AssertBroken("S10");
    }

    [Fact]
    public void S11_totals_that_do_not_add_up()
    {
        Create();
        Look(state: "dead");
        Count(created: 1, acked: 0);

        AssertBroken("S11");
    }

    [Fact]
    public void S13_an_ack_that_counts_twice()
    {
        Create();
        Claim(fence: 1, at: 0);
        Settle(Verb.Ack, fence: 1);
        Look(state: null);
        Count(created: 2, acked: 2);

        AssertBroken("S13");
    }

    [Fact]
    public void L1_a_claim_that_gets_nothing_though_a_job_is_due()
    {
        Create();
        ClaimNothing();
        Claim(fence: 1, at: 0);
        Settle(Verb.Ack, fence: 1);
        Look(state: null);

        AssertBroken("L1");
    }

    [Fact]
    public void L2_a_claim_that_gets_nothing_long_after_a_lease_has_ended()
    {
        Create();
        Claim(fence: 1, at: 0);
        Wait(seconds: 2);
        ClaimNothing();
        Look(state: "dead");

        AssertBroken("L2");
    }

    [Fact]
    public void L3_no_job_within_five_seconds_after_a_fault()
    {
        Create();
        Fail();
        Wait(seconds: 6);
        Claim(fence: 1, at: 6_000);
        Settle(Verb.Ack, fence: 1);
        Look(state: null);

        AssertBroken("L3");
    }

    [Fact]
    public void L5_a_waiting_claim_that_sleeps_on()
    {
        var waiting = Begin();
        Create();
        Wait(seconds: 7);
        Claim(fence: 1, at: 7_000, since: waiting);
        Settle(Verb.Ack, fence: 1);
        Look(state: null);

        AssertBroken("L5");
    }
}
