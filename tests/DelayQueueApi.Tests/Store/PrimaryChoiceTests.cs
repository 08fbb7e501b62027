using System.Net;
using DelayQueueApi.Store;
using Microsoft.Extensions.Time.Testing;

namespace DelayQueueApi.Tests.Store;

public class PrimaryChoiceTests
{
    private static readonly EndPoint First = new DnsEndPoint("first", 6379);
    private static readonly EndPoint Second = new DnsEndPoint("second", 6379);

    private readonly FakeTimeProvider clock = new();
    private readonly PrimaryChoice choice;

    public PrimaryChoiceTests() => choice = new PrimaryChoice(clock);

    [Fact]
    public void While_no_Sentinel_answers_the_last_one_stays()
    {
        Assert.Null(choice.Take([null, null, null]));
        Assert.Equal(First, choice.Take([null, new(First, 0), null]));
        Assert.Equal(First, TakeFor(60, null, null, null));
    }

    [Fact]
    public void One_Sentinel_that_knows_a_newer_epoch_is_enough_and_holds_against_all_that_do_not_know_it_yet()
    {
        choice.Take([new(First, 3), new(First, 3), new(First, 3)]);

        Assert.Equal(Second, choice.Take([new(First, 3), new(Second, 4), new(First, 3)]));
        Assert.Equal(Second, TakeFor(60, new(First, 3), new(Second, 4), new(First, 3)));
    }

    [Fact]
    public void What_Sentinels_name_that_have_all_begun_anew_is_taken_after_some_seconds()
    {
        choice.Take([new(First, 3), new(First, 3), new(First, 3)]);

        Assert.Equal(First, TakeFor(9, new(Second, 0), new(Second, 0), null));
        Assert.Equal(Second, TakeFor(2, new(Second, 0), new(Second, 0), null));
        Assert.Equal(First, choice.Take([new(First, 1), new(Second, 0), new(Second, 0)]));
    }

    /// <summary>Half of them may be those that a partition keeps from what the others have decided.</summary>
    [Fact]
    public void What_less_than_most_Sentinels_name_is_not_taken()
    {
        choice.Take([new(First, 3), new(First, 3), new(First, 3), new(First, 3)]);

        Assert.Equal(First, TakeFor(60, new(Second, 0), new(Second, 0), null, null));
        Assert.Equal(First, TakeFor(60, new(Second, 0), new(Second, 0), new(First, 0), null));
    }

    [Fact]
    public void Seconds_before_a_Sentinel_that_knows_the_epoch_was_heard_again_do_not_count()
    {
        choice.Take([new(First, 3), new(First, 3), new(First, 3)]);
        TakeFor(9, new(Second, 0), new(Second, 0), null);
        choice.Take([new(Second, 0), new(Second, 0), new(First, 3)]);

        Assert.Equal(First, TakeFor(9, new(Second, 0), new(Second, 0), null));
    }

    [Fact]
    public void Sentinels_that_have_begun_anew_are_followed_at_their_next_failover_where_the_primary_was_the_same()
    {
        choice.Take([new(First, 3), new(First, 3), new(First, 3)]);
        TakeFor(11, new(First, 0), new(First, 0), new(First, 0));

        Assert.Equal(Second, choice.Take([new(First, 0), new(Second, 1), new(First, 0)]));
    }

    /// <summary>Asks twice a second.</summary>
    private EndPoint? TakeFor(int seconds, params NamedPrimary?[] named)
    {
        for (var i = 0; i < 2 * seconds; i++)
        {
            choice.Take(named);
            clock.Advance(TimeSpan.FromMilliseconds(500));
        }

        return choice.Take(named);
    }
}
