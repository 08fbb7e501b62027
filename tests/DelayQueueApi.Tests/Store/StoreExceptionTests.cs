using DelayQueueApi.Store;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Store;

public sealed class StoreExceptionTests
{
    [Theory]
    [InlineData("OOM command not allowed when used memory > 'maxmemory'. script: 1f, on @user_script:12.")]
    [InlineData("ERR Error running script (call to f_1f): @user_script:12: @user_script: 12: -OOM command not allowed when used memory > 'maxmemory'.")]
    [InlineData("READONLY You can't write against a read only replica.")]
    public void A_refusal_of_the_store_is_told_as_not_applied(string message) =>
        Assert.Equal(Applied.No, StoreException.From(new RedisServerException(RedisErrorKind.Unknown, CommandFlags.None, message))?.Applied);

    [Theory]
    [InlineData(true, "Unknown")]
    [InlineData(false, "No")]
    public async Task Behind_an_effect_no_failure_says_that_there_was_none(bool hadEffect, string applied)
    {
        var failure = await Assert.ThrowsAsync<StoreException>(() => StoreException.AfterEffectAsync<int>(
            () => throw new StoreException(Applied.No, "away"), hadEffect));

        Assert.Equal(applied, failure.Applied.ToString());
    }

    [Theory]
    [InlineData("ERR Error running script (call to f_1f): @user_script:12: user_script:12: attempt to index a nil value")]
    [InlineData("WRONGTYPE Operation against a key holding the wrong kind of value")]
    public void A_bug_of_ours_is_not_the_store_s_absence(string message) => Assert.Null(StoreException.From(new RedisServerException(RedisErrorKind.Unknown, CommandFlags.None, message)));
}
