using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Histories;

/// <summary>Each check catches the smallest history that breaks its promise, and no other check does.</summary>
public class ChecksTests
{
    private const string Payload = "{ }";
    private const string NextPayload = "{ \"after\":\"job\" }";

    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<Call> calls = [];
    private long order;

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

        Assert.Empty(new Checks(calls).All());
    }

    [Fact]
    public void S1_a_job_that_is_gone_and_that_nobody_finished()
    {
        Create();
        Claim(fence: 1, at: 0);
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
        Claim(fence: 1, at: 0, granted: job => job with { RunAt = Start.AddMilliseconds(7) });
        Look(state: "dead");

        AssertBroken("S2");
    }

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
        Settle(Verb.Nack, fence: 1);
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
        Claim(fence: 2, at: 1_000, attempt: 2, granted: job => job with { Id = "twin", Payload = NextPayload });
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
        Chain(fence: 1, "next", status: 409);
        Claim(fence: 1, at: 0, granted: job => job with { Id = "next", Payload = NextPayload });
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

    private void AssertBroken(string promise) => Assert.Equal([promise], new Checks(calls).All().Select(wrong => wrong.Split(' ')[0]).Distinct());

    private void Create(int status = 201, string id = "job", Func<Job, Job>? made = null)
    {
        var job = new Job(id, "queue", "ready", Payload, Start, Start, 0, 20);
        calls.Add(new Create(++order, ++order, Reply(status), new NewJob("key", "queue", Payload), status == 201 ? made?.Invoke(job) ?? job : null));
    }

    /// <param name="at">Ms after the start; the lease is a second long.</param>
    private void Claim(long fence, int at, int attempt = 1, Func<ClaimedJob, ClaimedJob>? granted = null)
    {
        var job = new ClaimedJob("job", "queue", Payload, attempt, 20, Start, at, new Lease("token", fence, Start.AddMilliseconds(at + 1_000)));
        calls.Add(new Claim(++order, ++order, Reply(200), [granted?.Invoke(job) ?? job]));
    }

    /// <param name="time">Ms after the start: where a nack puts the next run-at, an extend the lease's end.</param>
    private void Settle(Verb verb, long fence, int status = 200, int time = 0)
    {
        var at = Start.AddMilliseconds(time);
        var answer = new SettleAnswer(RunAt: verb == Verb.Nack ? at : null, ExpiresAt: verb == Verb.Extend ? at : null);
        calls.Add(new Settle(++order, ++order, Reply(status), verb, "job", fence, status == 200 ? answer : null));
    }

    private void Chain(long fence, string id, int status = 200) => calls.Add(new Settle(
        ++order, ++order, Reply(status), Verb.Ack, "job", fence, status == 200 ? new SettleAnswer(Then: [id]) : null, new NewJob("after job", "queue", NextPayload)));

    private void Cancel() => calls.Add(new Cancel(++order, ++order, Reply(204), "job"));

    private void Look(string? state, string id = "job") => calls.Add(new Look(++order, ++order, Reply(state is null ? 404 : 200), id, state));

    private static Reply Reply(int status) => new(status, status == 503 ? "no" : null);
}
